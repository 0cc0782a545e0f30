"""Six instances on an upgrade day, and every way in which a version goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.test_rollouts import (
    test_a_rollout_goes_canary_first_and_one_unreachable_host_stops_nobody,
    test_a_second_rollout_to_the_same_ref_changes_nothing,
    test_a_version_that_burns_slowly_passes_health_and_is_caught_by_the_analysis,
    test_a_version_that_crashes_stops_at_the_canary_and_is_rolled_back,
)
from tests.lab.upgrade_day import CANARY, UpgradeDay, outcomes

__all__ = [
    "test_a_rollout_goes_canary_first_and_one_unreachable_host_stops_nobody",
    "test_a_second_rollout_to_the_same_ref_changes_nothing",
    "test_a_version_that_burns_slowly_passes_health_and_is_caught_by_the_analysis",
    "test_a_version_that_crashes_stops_at_the_canary_and_is_rolled_back",
]  # the three hosts' tests run here on six

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def day(deployed: FleetUnderTest) -> Iterator[UpgradeDay]:
    """Six instances of v2.0.0."""
    with UpgradeDay(deployed, 6) as day:
        yield day


@pytest.mark.promise("A canary without visitors cannot be analysed")
def test_an_analysis_without_visitors_pauses_and_takes_an_answer(day: UpgradeDay) -> None:
    paused = day.rollout("v2.2.0-slow-burn", expect=7)
    run = paused.events("begin")[0]["run"]
    assert paused.events("waits")
    listed = day.fleet.invoke("run.list", "--json")
    states = {row["run"]: row["state"] for row in json.loads(listed.stdout)}
    assert states[run] == "paused"
    ended = day.fleet.invoke("run.resume", run, "--roll-back", "--json", expect=4)
    assert outcomes(ended) == {CANARY: "rolled back", **dict.fromkeys(day.others, "not started")}
    assert day.version(CANARY) == "2.1.0"


def test_a_migration_that_fails_half_way_leaves_data_and_old_code_serving(day: UpgradeDay) -> None:
    before = {name: day.containers(name) for name in day.everyone}
    ran = day.rollout("v2.2.0-broken-migration", expect=None)
    assert ran.code in (3, 4)
    found = outcomes(ran)
    assert found.pop(CANARY) in ("failed", "rolled back")
    assert found == dict.fromkeys(day.others, "not started")
    assert {name: day.containers(name) for name in day.everyone} == before
    (recap,) = ran.events("recap")
    assert "P3018" in "\n".join(recap["hosts"][CANARY]["output"])
    answer = day.fleet.on(
        CANARY, f"curl -sS -H 'Host: {day.domain(CANARY)}' http://127.0.0.1/api/campaigns"
    )
    assert json.loads(answer)
    assert day.version(CANARY) == "2.1.0"
