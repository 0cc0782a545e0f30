"""A run that is taken up knows from its own events what it had done to every host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bunker.journal.records import RunBatch, RunRequest
from bunker.runs.batch_change import BatchChange
from bunker.runs.earlier import Earlier, earlier
from bunker.runs.port import Port
from bunker.runs.roles import WAY_BACK

UP = {"name": "bring up services", "number": 9, "of": 13}
BEGAN = {"event": "step", "host": "a", "status": "started", **UP}
FAILED = {"event": "step", "host": "a", "status": "failed", "output": ["no"], **UP}
BACK = {"event": "way_back", "hosts": ["a"]}
RETURNING = {"event": "step", "host": "a", "status": "started", "name": "go back"}
FAILURE = {
    "outcome": "failed",
    "message": "step 9 of 13 failed: bring up services",
    "step": "bring up services",
    "output": ["no"],
}


def ended(outcome: str) -> dict[str, Any]:
    return {"event": "outcome", "host": "a", "outcome": outcome, "message": "m", "time": 1.0}


def test_a_host_that_a_step_was_begun_on_was_touched() -> None:
    assert earlier([]) == Earlier()
    assert earlier([{"event": "begin"}, BEGAN]) == Earlier(touched={"a"})


def test_a_way_back_that_did_not_end_goes_on_with_why_it_began() -> None:
    found = earlier([BEGAN, FAILED, BACK])
    assert (found.going_back, found.returning) == ({"a": FAILURE}, set())
    found = earlier([BEGAN, FAILED, BACK, RETURNING, ended("interrupted")])
    assert (found.going_back, found.returning) == ({"a": FAILURE}, {"a"})


def test_a_host_that_is_back_stays_there() -> None:
    found = earlier([BEGAN, FAILED, BACK, RETURNING, ended("rolled back")])
    assert found.going_back == {}
    assert found.rolled_back == {"a": {"outcome": "rolled back", "message": "m"}}


class Change(BatchChange):
    """Hosts whose worker answers what the test says, and notes what it was asked."""

    answers: dict[str, dict[str, Any]]
    asked: list[str]

    def _apply(self, names: list[str], role: str, *_: Any, **__: Any) -> dict[str, dict[str, Any]]:
        self.asked.append("way back" if role == WAY_BACK else "change")
        return {name: dict(self.answers[self.asked[-1]]) for name in names}


@pytest.fixture
def change() -> Change:
    batch = RunBatch("all", ("a",))
    request = RunRequest("r", "upgrade", "lab", "me", "invoke upgrade", (batch,))
    port = Port()
    port.resumed = True
    port.event = lambda event: None  # type: ignore[method-assign]
    made = Change(Path(), request, batch, port)
    object.__setattr__(made, "asked", [])
    object.__setattr__(made, "answers", {"change": {"outcome": "ok"}, "way back": {}})
    return made


def outcome(change: Change, events: list[dict[str, Any]]) -> dict[str, Any]:
    change.port.earlier = earlier(events)
    return change._change(["a"])["a"]


def test_what_the_run_had_finished_on_a_host_counts_as_changed(change: Change) -> None:
    assert outcome(change, [BEGAN])["outcome"] == "changed"
    assert outcome(change, [])["outcome"] == "ok", "somebody else did it"


def test_a_run_that_died_while_going_back_goes_on_going_back(change: Change) -> None:
    change.answers["way back"] = {"outcome": "changed", "going_to": 1}
    found = outcome(change, [BEGAN, FAILED, BACK, RETURNING])
    assert (found["outcome"], found["back_on"], found["step"]) == ("rolled back", 1, UP["name"])
    assert change.asked == ["way back"]


def test_a_way_back_that_ended_while_nobody_listened_is_a_way_back(change: Change) -> None:
    change.answers["way back"] = {"outcome": "ok", "going_to": 1}
    assert outcome(change, [BEGAN, FAILED, BACK, RETURNING])["outcome"] == "rolled back"
    assert outcome(change, [BEGAN, FAILED, BACK])["outcome"] == "failed", "nothing was put back"


def test_a_host_that_the_run_brought_back_is_not_tried_again(change: Change) -> None:
    found = outcome(change, [BEGAN, FAILED, BACK, RETURNING, ended("rolled back")])
    assert found["outcome"] == "rolled back"
    assert change.asked == []


def test_a_way_back_that_is_told_to_stop_is_interrupted_and_not_failed(change: Change) -> None:
    change.answers["way back"] = {"outcome": "interrupted", "message": ""}
    change.port.stop()
    assert outcome(change, [BEGAN, FAILED, BACK])["outcome"] == "interrupted"
