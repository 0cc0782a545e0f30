"""Whole runs on a real DBOS: what stops a rollout, what lets it go on, and who is asked."""

from __future__ import annotations

import pytest

from tests.unit.runs.control_machine import RUN, ControlMachine, request

FAILED = {"outcome": "failed", "message": "step 3 failed"}
BACK = {"outcome": "rolled back", "message": "step 3 failed"}
AWAY = {"outcome": "unreachable", "message": "no route"}
QUESTION = {"outcome": "inconclusive", "reasons": ["only 3 requests"]}


def changed_hosts(machine: ControlMachine) -> list[str]:
    """The hosts whose change was begun, in order."""
    return [host for row in machine.told("change") for host in row["hosts"]]


def test_all_batches_are_changed_in_order_and_the_earlier_hosts_are_looked_at_between(
    machine: ControlMachine,
) -> None:
    ran = machine.begin(request(("a",), ("b", "c"), ("d",), canary=False))
    assert ran.code == 0, ran.text
    assert [row["hosts"] for row in machine.told("change")] == [["a"], ["b", "c"], ["d"]]
    assert [row["hosts"] for row in machine.told("gate")] == [["a"], ["a", "b", "c"]]
    shown = machine.shown()
    assert shown["state"] == "done"
    assert {o["outcome"] for o in shown["hosts"].values()} == {"changed"}
    (listed,) = ran.events("begin")
    assert listed["run"] == RUN


@pytest.mark.parametrize(
    ("outcome", "code", "state"), [(FAILED, 3, "failed"), (BACK, 4, "rolled back")]
)
def test_a_canary_that_fails_leaves_all_others_untouched_however_many_may_fail(
    machine: ControlMachine, outcome: dict[str, str], code: int, state: str
) -> None:
    machine.world(hosts={"a": outcome})
    ran = machine.begin(request(("a",), ("b",), ("c",), max_fail=2))
    assert (ran.code, changed_hosts(machine)) == (code, ["a"])
    shown = machine.shown()
    assert shown["state"] == state
    assert shown["reason"] == "the canary failed: a"
    assert [shown["hosts"][name]["outcome"] for name in "bc"] == ["not started"] * 2


@pytest.mark.parametrize(("allowed", "reached"), [(0, ["a", "b", "c"]), (1, list("abcd"))])
def test_no_batch_begins_once_more_hosts_failed_than_may(
    machine: ControlMachine, allowed: int, reached: list[str]
) -> None:
    machine.world(hosts={"b": FAILED})
    ran = machine.begin(request(("a",), ("b", "c"), ("d",), max_fail=allowed))
    assert (ran.code, changed_hosts(machine)) == (3, reached)
    reason = machine.shown()["reason"]
    assert reason == ("" if allowed else "1 of 4 hosts failed (b); none may fail")


def test_a_host_that_is_away_counts_as_one_that_may_fail(machine: ControlMachine) -> None:
    machine.world(hosts={"b": AWAY})
    ran = machine.begin(request(("a",), ("b",), ("c",), max_fail=1))
    assert (ran.code, changed_hosts(machine)) == (3, ["a", "b", "c"])


def test_a_canary_that_is_away_is_nothing_to_analyse_by(machine: ControlMachine) -> None:
    machine.world(hosts={"a": AWAY})
    ran = machine.begin(request(("a",), ("b",), max_fail=1, analysed=True))
    assert (ran.code, changed_hosts(machine)) == (7, ["a"])
    assert machine.shown()["paused"] == "there is nothing to analyse: a could not be reached"
    assert machine.invoke("run.resume", RUN, "--stop").code == 3
    assert changed_hosts(machine) == ["a"]


def test_an_analysis_that_fails_rolls_the_canary_back_and_touches_no_other(
    machine: ControlMachine,
) -> None:
    machine.world(analysis={"outcome": "fail", "reasons": ["too many errors"]})
    ran = machine.begin(request(("a",), ("b",), analysed=True))
    assert (ran.code, changed_hosts(machine)) == (4, ["a"])
    assert machine.told("rollback")[0]["hosts"] == ["a"]
    assert machine.shown()["reason"] == "the canary analysis failed: too many errors"


@pytest.mark.parametrize(
    ("answer", "code", "reached", "back"),
    [
        ("--go-on", 0, ["a", "b"], []),
        ("--roll-back", 4, ["a"], [["a"]]),
        ("--stop", 3, ["a"], []),
    ],
)
@pytest.mark.promise("A canary without visitors cannot be analysed")
def test_too_little_to_analyse_pauses_the_run_until_an_operator_decides(
    machine: ControlMachine, answer: str, code: int, reached: list[str], back: list[list[str]]
) -> None:
    machine.world(analysis=QUESTION)
    ran = machine.begin(request(("a",), ("b",), analysed=True))
    assert (ran.code, changed_hosts(machine)) == (7, ["a"])
    (waits,) = ran.events("waits")
    assert f"invoke run.resume {RUN} {answer}" in waits["commands"]
    shown = machine.shown()
    assert (shown["state"], shown["paused"]) == ("paused", "only 3 requests")

    again = machine.invoke("run.resume", RUN, "--json")
    assert again.code == 7, "without an answer it waits on"
    decided = machine.invoke("run.resume", RUN, answer, "--json")
    assert (decided.code, changed_hosts(machine)) == (code, reached), decided.text
    assert [row["hosts"] for row in machine.told("rollback")] == back
    assert len(machine.told("analyse")) == 1, "what was analysed is not analysed again"
    assert machine.told("end")[-1]["state"] == machine.shown()["state"]


def test_a_window_that_closes_between_two_batches_pauses_the_run(machine: ControlMachine) -> None:
    machine.world(window="the window of the group all is closed")
    ran = machine.begin(request(("a",), ("b",), canary=False))
    assert (ran.code, changed_hosts(machine)) == (7, ["a"])
    assert machine.invoke("run.resume", RUN, "--go-on").code == 0
    assert changed_hosts(machine) == ["a", "b"]


def test_an_answer_is_only_taken_where_one_is_asked_for(machine: ControlMachine) -> None:
    machine.begin(request(("a",)))
    ended = machine.invoke("run.resume", RUN, "--go-on")
    assert ended.code == 1
    assert "has ended: done" in ended.stderr
    both = machine.invoke("run.resume", RUN, "--go-on", "--stop")
    assert "a run takes one answer" in both.stderr
