"""A run whose controller, connection or host is killed ends where an undisturbed one does."""

from __future__ import annotations

import json
import logging
import subprocess
import time
from itertools import pairwise

import pytest

from tests.lab.fleet_under_test import FleetUnderTest, Ran
from tests.lab.host_state import differences, lasting_state
from tests.lab.killing import (
    KilledRun,
    assert_nothing_left,
    assert_rolled_back_once,
    cut_connections,
    disarmed,
    generations,
    until_step,
    version,
    without_run_ids,
)

pytestmark = pytest.mark.lab

LOGGER = logging.getLogger(__name__)
UPGRADE = ("upgrade", "--host", "north", "--ref", "v2.1.0")


def steps_of(ran: Ran) -> list[str]:
    """The steps that were begun, in order, as points to be killed at."""
    steps = [step for step in ran.events("step") if step["status"] == "started"]
    return [f"{step['host']}: {step['name']}" for step in steps]


def assert_covered(steps: list[str], points: list[str]) -> None:
    """No step went by with its controller alive.

    A worker that had ended a short step before its controller was dead was in the next one then.
    """
    for before, step in pairwise(["", *steps]):
        assert step in points or before in points, step


@pytest.mark.promise("Running it again is safe")
def test_an_upgrade_killed_at_every_step_ends_like_an_undisturbed_one(
    north: FleetUnderTest,
) -> None:
    undisturbed = north.invoke(*UPGRADE, "--yes", "--json")
    wanted = without_run_ids(lasting_state(north, "north"))
    north.pristine("north")

    killed = KilledRun(north, at_least=15)
    ended = killed.through(*UPGRADE)

    LOGGER.info("killed %d times: %s", len(killed.points), killed.points)
    assert_covered(steps_of(undisturbed), killed.points)
    assert {"begin", "all", "north: outcome"} <= set(killed.points)
    assert len(killed.points) >= 15
    assert ended.code == 0, ended.text
    assert killed.listed()["state"] == "done"
    assert killed.listed()["hosts"]["north"]["outcome"] == "changed"
    assert [one["number"] for one in generations(north, "north")] == [1, 2]
    assert version(north, "north") == "2.1.0"
    assert_nothing_left(north, "north")
    assert differences(wanted, without_run_ids(lasting_state(north, "north"))) == []


HOSTS = ("north", "south", "west")
SELECTED = tuple(word for name in HOSTS for word in ("--host", name))
CAREFULLY = ("--batch", "1", "--soak", "4s", "--no-analysis")
ROLLOUT_POINTS = {
    "begin",
    "canary",
    "north: changemaker: migrate",
    "north: outcome",
    "soak",
    "judgement",
    "batch 1",
    "south: changemaker: bring up services",
    "south: outcome",
    "gate",
    "batch 2",
    "west: changemaker: switch files",
    "west: changemaker: record generation",
    "west: outcome",
}
ROLLBACK_POINTS = {"rollback", "north: changemaker: roll back to generation 1", "north: outcome"}


def test_a_rollout_killed_between_and_within_its_batches_ends_like_an_undisturbed_one(
    north: FleetUnderTest,
) -> None:
    for name in HOSTS[1:]:
        north.deployed_as(name)
    north.configure("north", {"groups": ["changemaker", "canary"]})

    killed = KilledRun(north, ROLLOUT_POINTS.__contains__)
    ended = killed.through("rollout", *SELECTED, *CAREFULLY, "--ref", "v2.1.0")
    assert set(killed.points) == ROLLOUT_POINTS
    assert ended.code == 0, ended.text
    listed = killed.listed()
    assert listed["state"] == "done"
    assert {name: listed["hosts"][name]["outcome"] for name in HOSTS} == dict.fromkeys(
        HOSTS, "changed"
    )
    for name in HOSTS:
        assert [one["number"] for one in generations(north, name)] == [1, 2]
        assert version(north, name) == "2.1.0"
        assert_nothing_left(north, name)
    for name in HOSTS[1:]:
        north.remove(name)


def test_a_rollout_killed_at_every_point_of_its_rollback_rolls_back_once(
    north: FleetUnderTest,
) -> None:
    north.configure("north", {"groups": ["changemaker", "canary"]})
    assert_rolled_back_once(north, ROLLBACK_POINTS, *CAREFULLY)


def retried(fleet: FleetUnderTest, run: str) -> None:
    """`run.retry-failed` brings the host of a run that failed to the new version."""
    ran = fleet.invoke("run.retry-failed", run, "--yes", "--json")
    (recap,) = ran.events("recap")
    assert recap["hosts"]["north"]["outcome"] == "changed"
    assert version(fleet, "north") == "2.1.0"
    assert_nothing_left(fleet, "north")


def finished(process: subprocess.Popen[str]) -> str:
    """Wait for a run whose host was lost; how that host ended."""
    began = time.monotonic()
    stdout, stderr = process.communicate(timeout=400)
    LOGGER.info("the run ended %.0f s after its host was lost", time.monotonic() - began)
    ran = Ran(process.returncode, stdout, stderr)
    assert ran.code in (3, 4), ran.text
    (recap,) = ran.events("recap")
    return str(recap["hosts"]["north"]["outcome"])


def test_an_upgrade_whose_connection_is_cut_fails_soon_and_is_tried_again(
    north: FleetUnderTest,
) -> None:
    process = north.start(*UPGRADE, "--yes", "--json")
    run = until_step(process, "changemaker: bring up services")
    cut_connections(north, "north")
    assert finished(process) in ("failed", "unreachable", "rolled back")
    disarmed(north, "north")
    retried(north, run)


def test_an_upgrade_whose_host_dies_leaves_it_healthy_and_is_tried_again(
    north: FleetUnderTest,
) -> None:
    application = north.original("north")["application"]
    north.configure("north", {"application": {**application, "deadman_seconds": 60}})
    process = north.start(*UPGRADE, "--yes", "--json")
    run = until_step(process, "changemaker: bring up services")
    north.lab.engine().kill(north.lab.naming.container("north"))
    north.lab.up([])
    assert finished(process) in ("failed", "unreachable", "rolled back")
    disarmed(north, "north")
    north.settled("north")
    assert version(north, "north") in ("2.0.0", "2.1.0")
    (status,) = json.loads(north.invoke("status", "--host", "north", "--json").stdout)["hosts"]
    assert status["state"] == "healthy"
    # The run could not end it on a host that was down; it would end by itself within the hour.
    north.invoke("maintenance.off", "--host", "north")
    retried(north, run)
