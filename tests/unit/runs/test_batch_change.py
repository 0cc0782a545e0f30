"""One batch, with made-up workers and leases: what is changed, what is left alone, who is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.events import Event, HostEnded, Planned, Ready, RunBatch, Step
from bunker.fleet import Fleet
from bunker.journal.records import RunRequest
from bunker.outcomes import HostOutcome
from bunker.outlook import Risk
from bunker.plan.changes import Change, HostPlan
from bunker.runs import accounts, batch_change, confirmed
from bunker.runs.batch_change import BatchChange
from bunker.runs.context import RunContext
from bunker.runs.resume_state import ResumeState
from bunker.runs.work import ROLLBACK, WHOLE_HOST, Work
from bunker.workflows.planning import fingerprints
from bunker.workflows.request import DeployRequest
from bunker.workflows.risks import Found

SHOWN = HostPlan("north", (Change("base", "sshd", "~", "1 file"),), "o", "w")
OTHER = HostPlan("north", (Change("base", "sudo", "-", "removed"),), "o2", "w")
BATCH = RunBatch("all", ("north",))


@dataclass
class Outside:
    """What the batch would do to the world, and how the world answers."""

    plan: HostPlan = SHOWN
    lost: set[str] = field(default_factory=set)
    applied: list[list[str]] = field(default_factory=list)
    leases: list[list[str]] = field(default_factory=list)
    heads: list[list[str]] = field(default_factory=list)
    fails: bool = False
    """Whether the step fails that the worker is told to apply."""
    works: list[Work] = field(default_factory=list)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    found = Outside()

    class Worker:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def __enter__(self) -> Worker:
            return self

        def __exit__(self, *_: object) -> None: ...

        def apply(self, names: list[str]) -> None:
            found.applied.append(names)

        def events(self, until: str) -> Iterator[Event]:
            if until == "ready":
                yield Planned(host="north", plan=found.plan, commands=2)
                yield Ready()
                return
            step = {"host": "north", "name": "base: sshd", "number": 1, "of": 1}
            yield Step(**step, status="started")
            word, end = ("failed", "failed") if found.fails else ("ok", "changed")
            yield Step(**step, status=word, seconds=0.1, output=())
            yield HostEnded(host="north", outcome=end, message="", commands=3)

    @contextmanager
    def take(remotes: list[Any], **_: Any) -> Iterator[Any]:
        names = [remote.host.name for remote in remotes]
        lost, found.lost = found.lost, set()
        found.leases.append(names)
        yield SimpleNamespace(held=set(names), lost=lost, refused={}, unreachable={})

    host = SimpleNamespace(name="north", address="192.0.2.1", port=22, groups=())
    fleet = Fleet("production", Path("/nowhere"), {"north": host})  # type: ignore[dict-item]
    targets = [SimpleNamespace(host=host)]
    monkeypatch.setattr(RunContext, "load_fleet", lambda _context: fleet)

    def select(request: DeployRequest) -> tuple[Fleet, list[Any]]:
        found.works.append(request.work)
        return fleet, targets

    monkeypatch.setattr(batch_change, "select_targets", select)
    monkeypatch.setattr(batch_change, "worker_request", lambda *_: {})
    monkeypatch.setattr(batch_change, "WorkerClient", Worker)
    monkeypatch.setattr(confirmed, "find_risks", lambda *_: Found({}, {}, {}))
    monkeypatch.setattr("bunker.remote.Remote.of", lambda _fleet, host: SimpleNamespace(host=host))
    monkeypatch.setattr(batch_change, "HostLeases", take)
    monkeypatch.setattr(
        accounts,
        "record_hosts",
        lambda _context, outcomes, _leases: found.heads.append(sorted(outcomes)),
    )
    return found


def outcome(
    resumed: ResumeState | None = None, kind: str = "deploy", **request: Any
) -> HostOutcome:
    wanted = RunRequest("r", kind, "lab", "me", f"invoke {kind}", (BATCH,), **request)
    context = RunContext(Path(), wanted, lambda _event: None, resumed)
    return BatchChange(context, BATCH).run()["north"]


def test_what_was_confirmed_is_applied(outside: Outside) -> None:
    found = outcome(plans={"north": fingerprints(SHOWN)}, exact=True)
    assert (found.outcome, found.commands, found.stale) == ("changed", 3, None)
    assert outside.applied == [["north"]]


def test_a_host_that_is_not_what_was_confirmed_is_left_alone(outside: Outside) -> None:
    outside.plan = OTHER
    found = outcome(plans={"north": fingerprints(SHOWN)}, exact=True)
    assert (found.outcome, found.stale) == ("failed", True)
    assert "it changed after the plan was shown" in found.message
    assert outside.applied == []


def test_with_yes_and_after_a_resume_whatever_brings_the_host_there_is_applied(
    outside: Outside,
) -> None:
    outside.plan = OTHER
    plans = {"north": fingerprints(SHOWN)}
    assert outcome(plans=plans).outcome == "changed"
    assert outcome(ResumeState(), plans=plans, exact=True).outcome == "changed"
    assert outside.applied == [["north"], ["north"]]


def test_what_failed_of_one_application_is_rolled_back_for_that_one(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ref and its settings say nothing of the others of its host: which is meant is named."""
    outside.fails = True
    monkeypatch.setattr(batch_change, "has_application", lambda _host: True)
    asked = {"app": "wiki", "set": ["services.web.image=x"]}
    outcome(kind="upgrade", arguments=asked)
    assert [(work.role, work.application) for work in outside.works] == [
        (WHOLE_HOST, "wiki"),
        (ROLLBACK, "wiki"),
    ]


def test_a_lease_that_a_reboot_ended_is_taken_again_and_the_host_gets_the_logs_head(
    outside: Outside,
) -> None:
    outside.lost = {"north"}
    assert outcome().outcome == "changed"
    assert outside.leases == [["north"], ["north"]]
    assert outside.heads == [[], ["north"]]


def test_a_lease_that_was_held_to_the_end_is_taken_once(outside: Outside) -> None:
    assert outcome().outcome == "changed"
    assert (outside.leases, outside.heads) == ([["north"]], [["north"]])


def test_a_host_whose_file_broke_meanwhile_fails_alone(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = BunkerError("port is 'many'", where="south.yml:4")
    whole = RunContext.load_fleet(RunContext(Path(), None, lambda _event: None))  # type: ignore[arg-type]
    monkeypatch.setattr(RunContext, "load_fleet", lambda _context: whole.without({"south": fault}))
    batch = RunBatch("all", ("north", "south", "west"))
    wanted = RunRequest("r", "deploy", "lab", "me", "invoke deploy", (batch,))
    found = BatchChange(RunContext(Path(), wanted, lambda _event: None), batch).run()
    assert {name: one.outcome for name, one in found.items()} == {
        "north": "changed",
        "south": "failed",
        "west": "failed",
    }
    assert "south.yml:4: port is 'many'" in found["south"].message
    assert found["west"].message == "the host is not in the fleet any more"
    assert outside.leases == [["north"]]


LOSES = {"north": (Risk("it drops a column", loses=True),)}


@pytest.mark.parametrize(
    ("request_", "outcome_"),
    [
        ({}, "failed"),
        ({"plans": {"north": fingerprints(OTHER)}}, "failed"),
        ({"plans": {"north": fingerprints(SHOWN)}}, "changed"),
        ({"may_lose": ("north",)}, "changed"),
    ],
)
def test_what_nobody_saw_loses_no_data(
    outside: Outside,
    request_: dict[str, Any],
    outcome_: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The host was away while it was planned, or was changed by another hand meanwhile."""

    def risks(_root: Path, _found: object, targets: list[Any]) -> Any:
        return Found({name: LOSES[name] for name in (one.host.name for one in targets)}, {}, {})

    monkeypatch.setattr(confirmed, "find_risks", risks)
    found = outcome(**request_)
    assert found.outcome == outcome_
    if outcome_ == "failed":
        assert "it may lose data, which was not asked for" in found.message
        assert outside.applied == []


def test_a_host_that_this_run_began_on_is_finished(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_seen(_root: Path, _found: object, targets: list[Any]) -> Any:
        assert not targets
        return Found({}, {}, {})

    monkeypatch.setattr(confirmed, "find_risks", none_seen)
    assert outcome(ResumeState(touched={"north"})).outcome == "changed"
    assert outside.applied == [["north"]]
