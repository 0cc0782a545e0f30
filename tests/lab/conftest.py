"""The lab tier's fleet: one host deployed for real once, then cloned for every test that asks.

Each process of pytest has labs of its own, so that two workers share nothing but the images.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.left_over import PLACE, alone
from tests.lab.ways_out import Wiki

ROOT = "BUNKER_TEST_LAB_ROOT"
"""Another root, for several people on one machine."""

KEEP = "BUNKER_KEEP_TEST_LAB"
"""Set to keep the lab between runs while writing tests: the deployed snapshot is used again."""


@pytest.fixture(scope="session")
def lab_root() -> Iterator[Path]:
    """Where this process has its labs; all of them are gone before and after."""
    root = Path(os.environ.get(ROOT) or PLACE) / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    root.mkdir(parents=True, exist_ok=True)
    with alone(root, keep=bool(os.environ.get(KEEP))):
        yield root


@pytest.fixture(scope="session")
def fleet(lab_root: Path) -> FleetUnderTest:
    """An empty lab, with a fleet of its own."""
    fleet = FleetUnderTest(lab_root)
    if not os.environ.get(KEEP):
        shutil.rmtree(fleet.folder, ignore_errors=True)
    fleet.lab.up([])
    return fleet


@pytest.fixture(scope="session")
def deployed(fleet: FleetUnderTest) -> FleetUnderTest:
    """The fleet after a bare host north was deployed whole, by the command operators use."""
    marker = fleet.root / "deployed-once"
    if not (os.environ.get(KEEP) and marker.exists()):
        fleet.bare("north")
        fleet.deploy("north")
        fleet.keep_deployed("north")
        marker.write_text("")
    return fleet


@pytest.fixture
def north(deployed: FleetUnderTest) -> FleetUnderTest:
    """The fleet with the host north just as it was after its first deploy."""
    deployed.pristine("north")
    return deployed


@pytest.fixture(scope="module")
def small_project(deployed: FleetUnderTest) -> Iterator[Wiki]:
    """A deployed host with a small project beside the instance, which is quick to upgrade."""
    deployed.pristine("north")
    yield Wiki(deployed)
    deployed.reset("north")


@pytest.fixture
def wiki(small_project: Wiki) -> Iterator[Wiki]:
    """The same, with the host's file as it was afterwards."""
    yield small_project
    small_project.configure()
