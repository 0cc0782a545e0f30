"""The registry of roles: everything that a role names is there, and what follows from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bunker.fleet.models import Host
from bunker.fleet.pyinfra_data import host_from_data
from bunker.role import Role, named
from bunker.secrets.catalog import default_specs
from bunker.values import RoleSettings
from deploys.earlyoom.settings import EarlyoomSettings
from deploys.roles import ROLES, TAGS, roles_of

ROOT = Path(__file__).resolve().parents[3]
HOST = {"name": "north", "address": "192.0.2.1", "domain": "north.example.org"}


def names(**more: object) -> list[str]:
    return [role.name for role in roles_of(Host.model_validate({**HOST, **more}))]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_is_the_folder_of_its_name_and_what_it_names_exists(role: Role) -> None:
    assert named(f"deploys.{role.name}:ROLE") is role
    assert role.deploy.startswith(f"deploys.{role.name}.deploy:")
    assert role.summary
    references = [role.deploy, role.packages, role.check, role.egress, role.published_ports]
    references += [role.port.rollback, role.port.ports] if role.port else []
    for reference in references:
        assert not reference or callable(named(reference))
    assert not role.settings or issubclass(named(role.settings), RoleSettings)


def test_every_folder_of_deploys_with_a_role_is_in_the_registry() -> None:
    folders = {
        path.parent.name
        for path in (ROOT / "deploys").glob("*/__init__.py")
        if "ROLE" in path.read_text()
    }
    assert folders == {role.name for role in ROLES}


def test_roles_are_known_without_pyinfra_and_without_their_models() -> None:
    script = (
        "import sys; from deploys.roles import ROLES, TAGS; "
        "print([name for name in ('pyinfra', 'pydantic', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_roles_that_stand_in_a_fleets_own_folder_find_the_programs_scripts(tmp_path: Path) -> None:
    (tmp_path / "deploys").symlink_to(ROOT / "deploys")
    done = subprocess.run(
        [sys.executable, "-c", "from deploys.base.ssh import *; print(OPS_SCRIPTS.is_dir())"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True"


def test_only_deploys_of_roles_import_pyinfra() -> None:
    importing = [
        path.relative_to(ROOT / "deploys").as_posix()
        for path in (ROOT / "deploys").glob("*/*.py")
        if "import pyinfra" in path.read_text() or "from pyinfra" in path.read_text()
    ]
    helpers = {f"stack/{name}.py" for name in ("armed", "downgrade", "rollback")}
    assert {path for path in importing if not path.endswith("/deploy.py")} <= helpers


def test_tags_and_secrets_are_those_of_all_roles() -> None:
    assert TAGS == ("base", "earlyoom", "docker", "env", "changemaker", "compose")
    assert len(list(default_specs())) == sum(len(named(r.secrets)) for r in ROLES if r.secrets)


def test_a_host_file_switches_roles_on_and_off() -> None:
    assert names(roles={"earlyoom": True})[:2] == ["base", "earlyoom"]
    assert "docker" not in names(roles={"docker": False})
    host = Host.model_validate({**HOST, "roles": {"earlyoom": {"least_free_percent": 9}}})
    assert host.roles.of(EarlyoomSettings).least_free_percent == 9
    assert Host.model_validate(HOST).roles.of(EarlyoomSettings).least_free_percent == 5


def test_what_a_host_file_says_of_roles_survives_its_way_through_pyinfra() -> None:
    for choice in (True, False, {"least_free_percent": 9}):
        host = Host.model_validate({**HOST, "roles": {"earlyoom": choice}})
        assert host_from_data("north", host.model_dump(mode="json")) == host
