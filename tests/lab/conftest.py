"""The lab tier's fleet: one host deployed for real once, then cloned for every test that asks."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunker.lab.lab import CHECKOUT
from tests.lab.fleet_under_test import DEPLOYED, FleetUnderTest

ROOT = "BUNKER_TEST_LAB_ROOT"
"""Another root, for several people on one machine."""

KEEP = "BUNKER_KEEP_TEST_LAB"
"""Set to keep the lab between runs while writing tests: the deployed snapshot is used again."""


@pytest.fixture(scope="session")
def fleet() -> Iterator[FleetUnderTest]:
    """An empty lab, with a fleet of its own."""
    fleet = FleetUnderTest(Path(os.environ.get(ROOT) or CHECKOUT / ".lab" / "tests"))
    if not os.environ.get(KEEP):
        fleet.lab.down()
        shutil.rmtree(fleet.folder, ignore_errors=True)
    fleet.lab.up([])
    yield fleet
    if not os.environ.get(KEEP):
        fleet.lab.down()


@pytest.fixture(scope="session")
def deployed(fleet: FleetUnderTest) -> FleetUnderTest:
    """The fleet after a bare host north was deployed whole, by the command operators use."""
    marker = fleet.root / "deployed"
    if not (os.environ.get(KEEP) and marker.exists()):
        fleet.bare("north")
        fleet.deploy("north")
        if DEPLOYED in fleet.lab.snapshots():
            fleet.lab.remove_snapshot(DEPLOYED)
        fleet.lab.snapshot("north", DEPLOYED)
        marker.write_text("")
    return fleet


@pytest.fixture
def north(deployed: FleetUnderTest) -> FleetUnderTest:
    """The fleet with the host north just as it was after its first deploy."""
    deployed.pristine("north")
    return deployed
