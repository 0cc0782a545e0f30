"""A run that is resumed knows from its own events what it had done to every host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bunker.events import Begin, Event, Outcome, RollbackBegan, RunBatch, Step
from bunker.fleet import Fleet
from bunker.fleet.models import Host
from bunker.journal.records import RunRequest
from bunker.outcomes import HostOutcome
from bunker.runs.batch_change import BatchChange
from bunker.runs.context import RunContext
from bunker.runs.host_outcomes import Applied
from bunker.runs.resume_state import ResumeState, resume_state
from bunker.runs.work import ROLLBACK, Work

UP: dict[str, Any] = {"host": "a", "name": "bring up services", "number": 9, "of": 13}
BEGAN = Step(**UP, status="started")
FAILED = Step(**UP, status="failed", output=("no",))
BACK = RollbackBegan(hosts=("a",))
ROLLING_BACK = Step(host="a", name="roll back", number=1, of=2, status="started")
FAILURE = HostOutcome(
    outcome="failed",
    message="step 9 of 13 failed: bring up services",
    step="bring up services",
    output=("no",),
)


def ended(word: Any) -> Event:
    return Outcome(host="a", result=HostOutcome(outcome=word, message="m"), time=1.0)


def test_a_host_that_a_step_was_begun_on_was_touched() -> None:
    assert resume_state([]) == ResumeState()
    begin = Begin(run="r", kind="upgrade", batches=())
    assert resume_state([begin, BEGAN]) == ResumeState(touched={"a"})


def test_a_rollback_that_did_not_end_goes_on_with_why_it_began() -> None:
    found = resume_state([BEGAN, FAILED, BACK])
    assert (found.failures, found.rolling_back) == ({"a": FAILURE}, set())
    found = resume_state([BEGAN, FAILED, BACK, ROLLING_BACK, ended("interrupted")])
    assert (found.failures, found.rolling_back) == ({"a": FAILURE}, {"a"})


def test_a_host_that_is_back_stays_there() -> None:
    found = resume_state([BEGAN, FAILED, BACK, ROLLING_BACK, ended("rolled back")])
    assert found.failures == {}
    assert found.rolled_back == {"a": HostOutcome(outcome="rolled back", message="m")}


class Change(BatchChange):
    """Hosts whose worker answers what the test says, and notes what it was asked."""

    answers: dict[str, Applied]
    asked: list[str]

    def _apply(self, names: list[str], work: Work, *_: Any) -> dict[str, Applied]:
        self.asked.append("rollback" if work.role == ROLLBACK else "change")
        return dict.fromkeys(names, self.answers[self.asked[-1]])


def outcome(
    events: list[Event], answers: dict[str, HostOutcome], *, stop: bool = False
) -> tuple[HostOutcome, list[str]]:
    """How a host ends whose worker gives these answers, and what the worker was asked for."""
    batch = RunBatch("all", ("a",))
    request = RunRequest("r", "upgrade", "lab", "me", "invoke upgrade", (batch,))
    context = RunContext(Path(), request, lambda _event: None, resume_state(events))
    if stop:
        context.stop()
    change = Change(context, batch)
    object.__setattr__(change, "asked", [])
    every = {"change": HostOutcome(outcome="ok"), **answers}
    object.__setattr__(change, "answers", {word: Applied(end) for word, end in every.items()})
    return change._change(["a"])["a"], change.asked


def test_what_the_run_had_finished_on_a_host_counts_as_changed() -> None:
    assert outcome([BEGAN], {})[0].outcome == "changed"
    assert outcome([], {})[0].outcome == "ok", "somebody else did it"


def test_a_run_that_died_while_it_rolled_back_goes_on_rolling_back() -> None:
    answers = {"rollback": HostOutcome(outcome="changed", going_to=1)}
    found, asked = outcome([BEGAN, FAILED, BACK, ROLLING_BACK], answers)
    assert (found.outcome, found.back_on, found.step) == ("rolled back", 1, UP["name"])
    assert asked == ["rollback"]


def test_a_rollback_that_ended_while_nobody_listened_is_a_rollback() -> None:
    answers = {"rollback": HostOutcome(outcome="ok", going_to=1)}
    assert outcome([BEGAN, FAILED, BACK, ROLLING_BACK], answers)[0].outcome == "rolled back"
    assert outcome([BEGAN, FAILED, BACK], answers)[0].outcome == "failed", "nothing was put back"


def test_a_host_that_the_run_rolled_back_is_not_tried_again() -> None:
    found, asked = outcome([BEGAN, FAILED, BACK, ROLLING_BACK, ended("rolled back")], {})
    assert found.outcome == "rolled back"
    assert asked == []


def test_a_rollback_that_is_told_to_stop_is_interrupted_and_not_failed() -> None:
    answers = {"rollback": HostOutcome(outcome="interrupted")}
    assert outcome([BEGAN, FAILED, BACK], answers, stop=True)[0].outcome == "interrupted"


def test_a_host_without_an_application_has_nothing_to_roll_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = {"name": "a", "address": "192.0.2.1", "domain": "a.example.org"}
    for groups, expected in (((), "failed"), (("changemaker",), "rolled back")):
        host = Host.model_validate({**data, "groups": groups})
        fleet = Fleet("production", Path("/nowhere"), {"a": host})
        monkeypatch.setattr(RunContext, "load_fleet", lambda _self, fleet=fleet: fleet)
        answers = {"change": FAILURE, "rollback": HostOutcome(outcome="changed", going_to=1)}
        found, asked = outcome([], answers)
        assert found.outcome == expected
        assert asked == ["change", "rollback"][: 1 + bool(groups)]
