"""A run whose controller is killed is taken up, and ends where an undisturbed one does."""

from __future__ import annotations

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.killing import (
    KilledRun,
    assert_nothing_left,
    assert_rolled_back_once,
    generations,
    version,
)

pytestmark = pytest.mark.lab

CAREFULLY = ("--batch", "1", "--soak", "1s", "--no-analysis")
UPGRADE_POINTS = {"north: changemaker: migrate", "batch 1"}
ROLLBACK_POINTS = {"rollback"}


@pytest.fixture(scope="module")
def two(deployed: FleetUnderTest) -> FleetUnderTest:
    """Two deployed hosts, the canary and another."""
    deployed.pristine("north")
    deployed.deployed_as("south")
    deployed.configure("north", {"groups": ["changemaker", "canary"]})
    return deployed


@pytest.mark.promise("Running it again is safe")
def test_a_rollout_killed_in_an_upgrade_and_between_batches_ends_like_an_undisturbed_one(
    two: FleetUnderTest,
) -> None:
    killed = KilledRun(two, UPGRADE_POINTS.__contains__)
    hosts = ("--host", "north", "--host", "south")
    ended = killed.through("rollout", *hosts, *CAREFULLY, "--ref", "v2.1.0")
    assert set(killed.points) == UPGRADE_POINTS
    assert ended.code == 0, ended.text
    listed = killed.listed()
    assert listed["state"] == "done"
    for name in ("north", "south"):
        assert listed["hosts"][name]["outcome"] == "changed"
        assert [one["number"] for one in generations(two, name)] == [1, 2]
        assert version(two, name) == "2.1.0"
        assert_nothing_left(two, name)
    two.remove("south")


def test_a_rollout_killed_as_it_begins_to_roll_back_rolls_back_once(two: FleetUnderTest) -> None:
    assert_rolled_back_once(two, ROLLBACK_POINTS, *CAREFULLY)
