"""Three instances on an upgrade day, and versions that go wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.upgrade_day import CANARY, UpgradeDay, outcomes, phone

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def day(deployed: FleetUnderTest) -> Iterator[UpgradeDay]:
    """Three instances of v2.0.0."""
    with UpgradeDay(deployed, 3) as day:
        yield day


@pytest.mark.promise("A server that fails does not stop the others")
def test_a_rollout_goes_canary_first_and_one_unreachable_host_stops_nobody(day: UpgradeDay) -> None:
    unreachable = day.everyone[-1]
    container = day.fleet.lab.naming.container(unreachable)
    day.fleet.lab.engine().pause(container)
    try:
        with day.visitors():
            ran = day.rollout("v2.1.0", "--max-fail", "1", soak="20s", expect=3)
    finally:
        day.fleet.lab.engine().unpause(container)
    batches = [(event["name"], event["hosts"]) for event in ran.events("batch")]
    assert batches[0] == ("canary", [CANARY])
    assert [len(hosts) for _name, hosts in batches] == [1, day.batch, len(day.others) - day.batch]
    assert [event["outcome"] for event in ran.events("judgement")] == ["pass"]
    good = {name: "changed" for name in day.everyone if name != unreachable}
    assert outcomes(ran) == {**good, unreachable: "unreachable"}
    (recap,) = ran.events("recap")
    for name in good:
        measured = recap["hosts"][name]["availability"]
        assert measured["requests"] > 20
        assert recap["hosts"][name]["generation"]["number"] == 2
    run = ran.events("begin")[0]["run"]
    shown = day.fleet.invoke("run.show", run)
    assert f"{unreachable}  unreachable" in shown.stdout
    assert f"invoke run.retry-failed {run}" in shown.stdout

    retried = day.fleet.invoke("run.retry-failed", run, "--yes", "--json")
    assert outcomes(retried) == {unreachable: "changed"}
    assert set(day.versions().values()) == {"2.1.0"}


def test_a_second_rollout_to_the_same_ref_changes_nothing(day: UpgradeDay) -> None:
    before = {name: day.containers(name) for name in day.everyone}
    ran = day.rollout("v2.1.0")
    assert outcomes(ran) == dict.fromkeys(day.everyone, "ok")
    assert ran.events("begin") == []
    assert {name: day.containers(name) for name in day.everyone} == before


@pytest.mark.promise("A version that does not come up, or that answers with errors")
def test_a_version_that_crashes_stops_at_the_canary_and_is_rolled_back(day: UpgradeDay) -> None:
    before = {name: day.containers(name) for name in day.others}
    with phone(day) as server:
        ran = day.rollout("v2.2.0-crash", expect=4)
    # One digest for each event of the run, however many hosts it has.
    titles = [str(item.body["title"]) for item in server.received]
    assert len(titles) == 2, titles
    assert "rolled back" in titles[1]
    assert CANARY in server.texts[1]
    assert outcomes(ran) == {CANARY: "rolled back", **dict.fromkeys(day.others, "not started")}
    (recap,) = ran.events("recap")
    assert "canary" in recap["reason"]
    # Its replacement never served, so visitors noticed nothing.
    assert "template cache" in "\n".join(recap["hosts"][CANARY]["output"])
    assert day.version(CANARY) == "2.1.0"
    assert {name: day.containers(name) for name in day.others} == before
    status = day.fleet.invoke("status", "--group", "day", "--exit-status")
    assert f"{len(day.everyone)} healthy" in status.stdout


@pytest.mark.promise("A version that does not come up, or that answers with errors")
def test_a_version_that_burns_slowly_passes_health_and_is_caught_by_the_analysis(
    day: UpgradeDay,
) -> None:
    before = {name: day.containers(name) for name in day.others}
    ran = day.visited_rollout("v2.2.0-slow-burn", soak="60s", expect=4)
    assert [event["outcome"] for event in ran.events("judgement")] == ["fail"]
    steps = {(e["name"], e["status"]) for e in ran.events("step")}
    assert ("changemaker: health gate", "ok") in steps
    assert outcomes(ran) == {CANARY: "rolled back", **dict.fromkeys(day.others, "not started")}
    assert day.version(CANARY) == "2.1.0"
    assert {name: day.containers(name) for name in day.others} == before
