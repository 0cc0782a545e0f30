"""Figures over SSH: a deploy with nothing to change, of one, two and four deployed hosts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Figure, measure, ratio
from tests.lab.fleet_under_test import FleetUnderTest

ROOT = Path(__file__).parents[2]
HOSTS = ("north", "east", "south", "west")


def figures_of(commit: str) -> list[Figure]:
    """The same figures with the program as it was at a commit, measured as it is today."""
    ask = (
        "import json; from tests.bench import deployed_fleet as it;"
        "print(json.dumps([[one.what, one.seconds] for one in it.figures()]))"
    )
    with tempfile.TemporaryDirectory(prefix="bunker-bench-before-") as folder:
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", folder, commit], check=True)
        shutil.copytree(Path(__file__).parent, Path(folder, "tests/bench"), dirs_exist_ok=True)
        try:
            done = subprocess.run(
                [sys.executable, "-c", ask], cwd=folder, check=True, stdout=subprocess.PIPE
            )
        finally:
            subprocess.run([*git, "remove", "--force", folder], check=True)
    rows = json.loads(done.stdout.splitlines()[-1])
    return [Figure(f"{what} ({commit})", tuple(seconds)) for what, seconds in rows]


def figures(before: Sequence[Figure] = ()) -> list[Figure]:
    """Deploy one host, clone it three times, let each settle, and measure.

    ``before`` are the same figures of an older program, to be compared with.
    """
    with tempfile.TemporaryDirectory(prefix="bunker-bench-lab-") as folder:
        fleet = FleetUnderTest(Path(folder))
        try:
            found = _measure(fleet)
        finally:
            fleet.lab.down()
    if not before:
        return found
    return [ratio(now, then) for now, then in zip(found, before, strict=True)]


def _measure(fleet: FleetUnderTest) -> list[Figure]:
    fleet.lab.up([])
    fleet.bare("north")
    fleet.deploy("north")
    fleet.keep_deployed("north")
    for name in HOSTS[1:]:
        fleet.deployed_as(name)
    fleet.deploy(*HOSTS)
    login = [*fleet.lab.ssh_command("north"), "true"]
    bare = measure("ssh host true", lambda: subprocess.run(login, check=True, capture_output=True))
    found = [bare]
    for count in (1, 2, 4):
        names = HOSTS[:count]
        what = f"deploy {count} host{'s' * (count > 1)}, nothing to change"
        found.append(ratio(measure(what, lambda names=names: fleet.deploy(*names)), bare))
    return found
