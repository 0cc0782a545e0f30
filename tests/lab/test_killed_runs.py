"""A run whose controller, connection or host is killed ends where an undisturbed one does."""

from __future__ import annotations

import logging

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import differences, lasting_state
from tests.lab.killing import (
    KilledRun,
    assert_nothing_left,
    generations,
    version,
    without_run_ids,
)

pytestmark = pytest.mark.lab

LOGGER = logging.getLogger(__name__)
UPGRADE = ("upgrade", "--host", "north", "--ref", "v2.1.0")


def steps_of(ran_steps: list[dict[str, object]]) -> set[str]:
    """The steps that were begun, as points to be killed at."""
    return {f"{step['host']}: {step['name']}" for step in ran_steps if step["status"] == "started"}


def test_an_upgrade_killed_at_every_step_ends_like_an_undisturbed_one(
    north: FleetUnderTest,
) -> None:
    undisturbed = north.invoke(*UPGRADE, "--yes", "--json")
    wanted = without_run_ids(lasting_state(north, "north"))
    north.pristine("north")

    killed = KilledRun(north)
    ended = killed.through(*UPGRADE)

    LOGGER.info("killed %d times: %s", len(killed.points), killed.points)
    assert steps_of(undisturbed.events("step")) <= set(killed.points)
    assert {"begin", "all", "north: outcome"} <= set(killed.points)
    assert len(killed.points) >= 15
    assert ended.code == 0, ended.text
    assert killed.listed()["state"] == "done"
    assert killed.listed()["hosts"]["north"]["outcome"] == "changed"
    assert [one["number"] for one in generations(north, "north")] == [1, 2]
    assert version(north, "north") == "2.1.0"
    assert_nothing_left(north, "north")
    assert differences(wanted, without_run_ids(lasting_state(north, "north"))) == []
