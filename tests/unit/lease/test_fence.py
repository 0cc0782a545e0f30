"""What stands in front of every changing script, run by the shell that hosts have."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from bunker.shell import changing

ROOT = Path(__file__).resolve().parents[3]
LEASE = """{
"owner": "anna@desk",
"run": "20261124T140000Z-ab12",
"purpose": "rollout of v2.1, \\"tuesday\\"",
"token": "0123",
"acquired": 100,
"expires": %s
}
"""


def run(tmp_path: Path, lease: str | None, own_run: str = "") -> subprocess.CompletedProcess[str]:
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    if lease is not None:
        (folder / "lease.json").write_text(lease)
    text = changing("echo changed", LEASE_RUN=own_run)
    text = text.replace("/run/bunker", str(folder)).replace("-o root -g root ", "")
    text = text.replace("/var/lib/bunker", str(tmp_path / "state"))
    return subprocess.run(["sh"], input=text, capture_output=True, text=True, check=False)


def test_a_host_that_nobody_holds_is_changed(tmp_path):
    done = run(tmp_path, None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "changed\n", "")


@pytest.mark.parametrize("own_run", ["", "20261124T150000Z-cd34", "pyinfra"])
def test_another_run_is_refused_and_told_who_holds_the_host(tmp_path, own_run):
    done = run(tmp_path, LEASE % int(time.time() + 20), own_run)
    assert (done.returncode, done.stdout) == (75, "")
    assert done.stderr.startswith("held by anna@desk for run 20261124T140000Z-ab12 (rollout of ")
    assert done.stderr.count("\n") == 1


def test_the_run_that_holds_the_host_changes_it(tmp_path):
    done = run(tmp_path, LEASE % int(time.time() + 20), "20261124T140000Z-ab12")
    assert (done.returncode, done.stdout) == (0, "changed\n")


@pytest.mark.parametrize(
    "lease", [LEASE % int(time.time() - 2), LEASE % "soon", "", '{"run": "x"', "\0\n\n"]
)
def test_an_expired_or_unreadable_lease_holds_nobody(tmp_path, lease):
    done = run(tmp_path, lease, "20261124T150000Z-cd34")
    assert (done.returncode, done.stdout) == (0, "changed\n"), done.stderr


def test_roles_use_the_changing_that_knows_its_run():
    sources = [*(ROOT / "bunker" / "ops").rglob("*.py"), *(ROOT / "deploys").rglob("*.py")]
    forgetful = [
        str(path.relative_to(ROOT))
        for path in sources
        if re.search(r"^from bunker\.shell import .*\bchanging\b", path.read_text(), re.MULTILINE)
    ]
    assert not forgetful
