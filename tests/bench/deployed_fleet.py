"""Figures over SSH: a deploy with nothing to change, of one, two and four deployed hosts."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.bench.measure import Figure, measure, ratio
from tests.lab.fleet_under_test import DEPLOYED, FleetUnderTest

HOSTS = ("north", "east", "south", "west")


def figures() -> list[Figure]:
    """Deploy one host, clone it three times, let each settle, and measure."""
    with tempfile.TemporaryDirectory(prefix="bunker-bench-lab-") as folder:
        fleet = FleetUnderTest(Path(folder))
        try:
            return _measure(fleet)
        finally:
            fleet.lab.down()


def _measure(fleet: FleetUnderTest) -> list[Figure]:
    fleet.lab.up([])
    fleet.bare("north")
    fleet.deploy("north")
    fleet.lab.snapshot("north", DEPLOYED)
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
