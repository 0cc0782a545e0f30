"""The way of an operator who never saw the checkout: install, make a fleet, add a server, deploy.

The program is the built wheel with its dependencies, in an environment of its own; the fleet is
what `python -m bunker init` makes; nothing of the checkout is in any path.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bunker.lab.fleet import deploy_key
from tests.installed import ROOT, Installed, build_wheel
from tests.lab.fleet_under_test import FleetUnderTest

pytestmark = pytest.mark.lab

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture
def installed(fleet: FleetUnderTest, tmp_path: Path) -> Installed:
    """The program, for an operator who has the lab's SSH key and no other."""
    folder = Installed.whole(tmp_path / "env", build_wheel(tmp_path)).folder
    home = tmp_path / "home"
    home.mkdir()
    key = str(fleet.state.private_key)
    more = {
        "HOME": str(home),
        "BUNKER_SSH_KEY": key,
        "BUNKER_AGE_KEY_FILE": "",
        "SSH_AUTH_SOCK": "",
    }
    return Installed(folder, more)


def test_from_the_wheel_to_a_deployed_host(
    fleet: FleetUnderTest, installed: Installed, tmp_path: Path
) -> None:
    fleet.bare("north")
    state, place = fleet.state, tmp_path / "our-fleet"

    def invoke(*words: str, given: str = "") -> str:
        return installed.said("-m", "invoke", *words, folder=place, given=given)

    installed.said("-m", "bunker", "init", "our-fleet", folder=tmp_path)
    invoke("secrets.init")
    wanted = fleet.original("north")
    (place / "group_data" / "all.py").write_text(f"docker = {wanted['docker']!r}\n")
    (place / "group_data" / "changemaker.py").write_text(
        f"application = {wanted['application']!r}\n"
    )
    north = state.host("north")
    where = (wanted["domain"], north.address, "--port", str(north.port), "--user", north.user)
    added = invoke("instance.add", "north", *where, "--yes", "--no-preflight")
    assert "Deploy it with: invoke deploy --host north" in added
    invoke("secrets.set", "--host", "north", "--key", "DEPLOY_KEY", given=deploy_key(state)[0])

    events = [json.loads(row) for row in invoke("deploy", *CHOSEN, "--yes", "--json").splitlines()]
    assert outcomes(events) == {"north": "changed"}
    (host,) = json.loads(invoke("status", "--json"))["hosts"]
    assert host["state"] == "healthy"
    (run,) = json.loads(invoke("run.list", "--json"))
    assert (run["kind"], run["version"]) == ("deploy", VERSION)

    assert "0 hosts to change, 0 restarts, 1 unchanged" in invoke("deploy", *CHOSEN, "--dry")
    planned = installed.python(
        "-m", "pyinfra", "inventories/production.py", "deploy.py", "--dry", folder=place
    )
    assert planned.returncode == 0, planned.stderr
    assert "north" in planned.stdout + planned.stderr


CHOSEN = ("--host", "north")


def outcomes(events: list[dict[str, Any]]) -> dict[str, str]:
    return {event["host"]: event["outcome"] for event in events if event["event"] == "host"}
