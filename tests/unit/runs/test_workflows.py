"""The workflows themselves, in one process: their order, and everything that stops them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bunker.events import Event, Gate, Halted, Outcome, Paused, Warned
from bunker.journal.records import Pace, RunRequest, Summary
from bunker.notify import Delivery
from bunker.outcomes import HostOutcome, Outcomes
from bunker.runs import accounts, batch_change, gates
from bunker.runs.batches import make_batches
from bunker.runs.context import GO_ON, STOP, RunContext
from bunker.runs.kinds import KINDS
from bunker.runs.steps import RunSteps


class Run:
    """A run of made-up hosts; steps are done at once and kept nowhere."""

    def __init__(self, kind: str, hosts: str, batch: str, max_fail: int = 0) -> None:
        self.events: list[Event] = []
        self.changed: list[tuple[str, ...]] = []
        self.told: list[str] = []
        self.deaf = False
        self.ends: dict[str, Any] = {}
        self.windows: list[str] = []
        self.cancelled_after: int | None = None
        batches = tuple(make_batches(list(hosts), (), batch))
        pace = Pace(batch=batch, max_fail=max_fail)
        request = RunRequest("r", kind, "lab", "me", f"invoke {kind}", batches, pace=pace)
        self.context = RunContext(Path(), request, self.events.append)
        self.kind = KINDS[kind]

    def change(self, names: tuple[str, ...]) -> Outcomes:
        self.changed.append(names)
        return {name: HostOutcome(outcome=self.ends.get(name, "changed")) for name in names}

    def cancel_asked(self) -> bool:
        return self.cancelled_after is not None and len(self.changed) >= self.cancelled_after

    def execute(self) -> Summary:
        def durable(_name: str, work: Callable[[], Any]) -> Any:
            return work()

        steps = RunSteps(self.context, durable, self.cancel_asked)
        steps.begin()
        summary = self.kind.workflow(steps)
        steps.end(summary)
        return summary

    def seen(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Makes the one run of a test."""
    runs: list[Run] = []

    class Change:
        def __init__(self, context: RunContext, batch: Any) -> None:
            self.context, self.batch = context, batch

        def run(self) -> Outcomes:
            found = runs[0].change(self.batch.hosts)
            for name, end in found.items():
                self.context.event(Outcome(host=name, result=end))
            return found

    monkeypatch.setattr(batch_change, "BatchChange", Change)
    monkeypatch.setattr(gates, "unhealthy", lambda _context, _names: "")
    monkeypatch.setattr(gates, "window_is_closed", lambda _context: "".join(runs[0].windows[:1]))
    monkeypatch.setattr(accounts, "record_begin", lambda *_: None)
    monkeypatch.setattr(accounts, "_append", lambda *_, **__: None)

    class Sender:
        def notify(self, event: str, _news: Any, *, within: float) -> list[Any]:
            assert within > 0
            runs[0].told.append(event)
            return [] if not runs[0].deaf else [Delivery("phone", "gotify", False, "no answer")]

    monkeypatch.setattr("bunker.runs.accounts.open_dispatcher", lambda *_: Sender())

    def made(*words: Any, **more: Any) -> Run:
        runs.append(Run(*words, **more))
        return runs[0]

    return made


ONE_BY_ONE = ["os-upgrade", "reboot"]


@pytest.mark.parametrize("kind", ONE_BY_ONE)
def test_hosts_that_go_out_of_service_do_so_one_at_a_time(
    make: Callable[..., Run], kind: str
) -> None:
    run = make(kind, "abc", "2")
    summary = run.execute()
    assert run.changed == [("a",), ("b",), ("c",)]
    assert (summary.state, run.told) == ("done", ["started", "done"])
    assert [gate.hosts for gate in run.seen(Gate)] == [("a", "b")]


@pytest.mark.parametrize("kind", ONE_BY_ONE)
@pytest.mark.parametrize(("answer", "reached"), [(STOP, 1), (GO_ON, 3)])
def test_no_host_goes_out_of_service_outside_its_window(
    make: Callable[..., Run], kind: str, answer: str, reached: int
) -> None:
    run = make(kind, "abc", "3")
    run.windows = ["the window of careful is closed"]
    for _ in range(2):
        run.context.decision.put(answer)
    run.execute()
    assert len(run.changed) == reached
    assert {paused.reason for paused in run.seen(Paused)} == {"the window of careful is closed"}


@pytest.mark.parametrize("kind", ONE_BY_ONE)
@pytest.mark.parametrize(("max_fail", "reached"), [(0, 1), (1, 3)])
def test_the_first_host_too_many_that_fails_stops_the_rest(
    make: Callable[..., Run], kind: str, max_fail: int, reached: int
) -> None:
    run = make(kind, "abc", "3", max_fail=max_fail)
    run.ends["a"] = "failed"
    summary = run.execute()
    assert len(run.changed) == reached
    assert summary.state == "failed"
    assert run.told[-1] == "failed", "a run that failed is not told as one that is done"
    assert bool(run.seen(Halted)) == (not max_fail)


@pytest.mark.parametrize("kind", ONE_BY_ONE)
def test_a_cancelled_run_begins_with_no_further_host(make: Callable[..., Run], kind: str) -> None:
    run = make(kind, "abc", "3")
    run.cancelled_after = 2
    assert run.execute().state == "cancelled"
    assert run.changed == [("a",), ("b",)]
    assert run.told[-1] == "failed"


@pytest.mark.parametrize(
    ("ends", "state", "told"),
    [
        ({}, "done", "done"),
        ({"b": "failed"}, "failed", "failed"),
        ({"b": "unreachable"}, "failed", "failed"),
        ({"b": "interrupted"}, "failed", "failed"),
        ({"b": "rolled back"}, "rolled back", "rolled back"),
    ],
)
def test_a_run_is_told_as_what_it_ended_as(
    make: Callable[..., Run], ends: dict[str, str], state: str, told: str
) -> None:
    run = make("upgrade", "ab", "2", max_fail=2)
    run.ends = ends
    assert run.execute().state == state
    assert run.told == ["started", told]


def test_a_target_that_is_not_reached_is_a_warning_of_the_run(make: Callable[..., Run]) -> None:
    run = make("upgrade", "a", "1")
    run.deaf = True
    assert run.execute().state == "done"
    assert [warned.message for warned in run.seen(Warned)] == [
        "phone was not notified: no answer"
    ] * 2
