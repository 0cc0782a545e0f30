"""Which version runs: of a package, of a checkout with its commit, and in every run's record."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from bunker import version as running
from bunker.cli import version
from bunker.journal.records import RunRecord, RunRequest, Summary
from bunker.plan.changes import FleetPlan
from bunker.runs.kinds.deploy import DEPLOY, Arguments
from bunker.runs.start import Intent, make_run
from bunker.terminal.run_text import show_lines
from bunker.workflows.request import DeployRequest

ROOT = Path(__file__).resolve().parents[3]
RELEASE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit that holds what tells the version."""
    for name in ("pyproject.toml", *(f"bunker/{name}.py" for name in MODULES)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


MODULES = ("__init__", "version", "product", "git", "errors", "masking", "readings", "printable")


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def said_by(folder: Path) -> str:
    program = "from bunker.version import version; print(version())"
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, '.'); {program}"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_checkout_has_its_commit_and_whether_files_differ_from_it(checkout: Path) -> None:
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-qm", "one")
    commit = git(checkout, "rev-parse", "--short", "HEAD")
    assert said_by(checkout) == f"{RELEASE}+g{commit}"
    (checkout / "bunker" / "__init__.py").write_text("")
    assert said_by(checkout) == f"{RELEASE}+g{commit}.changed"


def test_a_checkout_without_git_has_its_release(checkout: Path) -> None:
    assert said_by(checkout) == RELEASE


def test_an_installed_program_has_the_version_of_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "IS_CHECKOUT", False)
    monkeypatch.setattr(running.metadata, "version", {"bunker-ops": "7.8.9"}.__getitem__)
    assert running.version.__wrapped__() == "7.8.9"


def test_the_command_says_it_for_people_and_for_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    version.version(Context(), json=False, debug=False, yes=False)
    assert re.match(rf"Bunker Ops {re.escape(RELEASE)}\b", capsys.readouterr().out)
    version.version(Context(), json=True, debug=False, yes=False)
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == running.version()
    assert Path(told["docs"], "first-server.md").is_file()


def record(**data: Any) -> RunRecord:
    return RunRecord(RunRequest.from_json(data), Summary({}, "done"), 0, 1)


def test_a_run_notes_the_version_that_began_it_and_an_older_record_is_read_without() -> None:
    request = DeployRequest(root=Path(), fleet_name="lab")
    run = make_run(Intent(request, DEPLOY, Arguments()), FleetPlan(), [])
    assert run.version == running.version()
    data = json.loads(json.dumps(run.to_json()))
    noted = record(**data)
    assert noted.to_json()["version"] == running.version()
    assert any(f"with Bunker Ops {run.version}" in line.text for line in show_lines(noted))

    del data["version"]
    older = record(**data)
    assert older.to_json()["version"] == ""
    assert not any("with Bunker Ops" in line.text for line in show_lines(older))
