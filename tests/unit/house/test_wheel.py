"""The wheel is complete: installed elsewhere, it finds all that the checkout has."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.installed import ROOT, Installed, build_wheel

FORCED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
    "wheel"
]["force-include"]
MODULES = """
import importlib, pkgutil, bunker, deploys
for package in (bunker, deploys):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if found.name.rpartition(".")[2] not in ("__main__", "site"):  # these begin at once
            importlib.import_module(found.name)
from bunker.lab.lab import Lab
from bunker.rendering import TEMPLATES
lab = Lab(__import__("pathlib").Path("."))
places = [TEMPLATES, lab.images_folder, lab.sample_folder, bunker.product.folder("docs")]
print([str(place) for place in places if not any(place.iterdir())], bunker.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    more = {"HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return Installed(Installed.quick(folder / "env", wheel).folder, more)


def test_it_holds_every_file_of_the_program_and_nothing_else(wheel: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    wanted = subprocess.run(
        [*listed, "bunker", "deploys", *FORCED], cwd=ROOT, check=True, capture_output=True
    )
    names = {name for name in wanted.stdout.decode().split("\0") if (ROOT / name).is_file()}
    inside = {
        next(
            (name.replace(there, here, 1) for there, here in FORCED.items() if _in(name, there)),
            name,
        )
        for name in names
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == inside
    data = {"bunker/data/templates/base/motd", "bunker/data/files/base/ufw.conf"}
    assert {"deploys/base/scripts/sshd_reload.sh", *data} <= held


def _in(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/")


def test_what_the_program_looks_for_at_its_root_is_put_into_it() -> None:
    files = (path for name in ("bunker", "deploys") for path in (ROOT / name).rglob("*.py"))
    asked = {
        name for path in files for name in re.findall(r'\bfolder\("(.*?)"\)', path.read_text())
    }
    assert asked == set(FORCED)
    assert all(FORCED[name] == f"bunker/data/{name}" for name in FORCED)


def test_programs_of_the_lab_stay_executable(wheel: Path) -> None:
    for found in zipfile.ZipFile(wheel).infolist():
        source = ROOT / found.filename.removeprefix("bunker/data/")
        if source.is_file():
            assert bool(source.stat().st_mode & 0o100) == bool(found.external_attr >> 16 & 0o100)


def test_installed_every_module_loads_and_finds_its_files(
    installed: Installed, tmp_path: Path
) -> None:
    said = installed.said("-c", MODULES, folder=tmp_path)
    assert said.startswith(f"[] {installed.folder}"), said


def test_installed_it_makes_a_fleet_in_which_invoke_and_pyinfra_work(
    installed: Installed, tmp_path: Path
) -> None:
    made = json.loads(installed.said("-m", "bunker", "init", "fleet", "--json", folder=tmp_path))
    fleet = tmp_path / "fleet"
    assert "tasks.py" in made["written"]
    assert "rollout" in installed.said("-m", "invoke", "--list", folder=fleet)
    told = json.loads(installed.said("-m", "invoke", "version", "--json", folder=fleet))
    assert (
        told["version"]
        == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    )
    assert Path(told["docs"], "first-server.md").is_file()
    installed.said("-m", "pyinfra", "inventories/production.py", "deploy.py", "--dry", folder=fleet)


def test_installed_a_worker_plans_a_host_that_nothing_answers_for(
    installed: Installed, tmp_path: Path
) -> None:
    installed.said("-m", "bunker", "init", ".", folder=tmp_path)
    (tmp_path / "inventories" / "production" / "north.yml").write_text(
        "host: north\naddress: 127.0.0.1\nport: 9\ndomain: n.example.org\ntier: 1\ngroups: [base]\n"
    )
    installed.said("-m", "invoke", "secrets.init", folder=tmp_path)
    command = ("deploy", "--host", "north", "--role", "base", "--dry")
    done = installed.python("-m", "invoke", *command, folder=tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "1 unreachable" in done.stdout
