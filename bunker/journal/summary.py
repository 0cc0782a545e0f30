"""What became of a run, told from its events: pure, and the same for a live run and an old one."""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from bunker.errors import ExitCode
from bunker.events import (
    Analysis,
    Decided,
    End,
    Event,
    Halted,
    Outcome,
    Paused,
    Soak,
    State,
    Step,
)
from bunker.journal.records import RunRequest, Summary
from bunker.outcomes import HostOutcome, Outcomes, not_started


def summarise(request: RunRequest, events: Iterable[Event]) -> Summary:
    """Fold the events. A resumed run tells some things twice; the last word counts."""
    hosts = {**request.known, **not_started(request.hosts)}
    summary = Summary(dict(sorted(hosts.items())))
    return reduce(_folded, events, summary)


def _folded(summary: Summary, event: Event) -> Summary:
    found = summary
    match event:
        case Step():
            found = replace(summary, hosts={**summary.hosts, **_under_way(summary.hosts, event)})
        case Outcome(host=host, result=result):
            found = replace(summary, hosts={**summary.hosts, host: result})
        case Soak(until=until):
            found = replace(summary, soaking_until=until)
        case Analysis():
            analyses = (*summary.analyses, event)
            found = replace(summary, soaking_until=None, analyses=analyses)
        case Paused(reason=reason, answers=answers):
            found = replace(summary, paused=reason, answers=answers)
        case Decided():
            found = replace(summary, paused="", answers=())
        case Halted(reason=reason):
            found = replace(summary, reason=reason)
        case End(state=state):
            found = replace(summary, state=state)
    return found


def _under_way(hosts: Outcomes, step: Step) -> Outcomes:
    """What a step says of its host; nothing where that has succeeded already."""
    before = hosts.get(step.host) or HostOutcome(outcome="not started")
    if before.succeeded:
        return {}
    return {step.host: replace(before, outcome="interrupted", message=f"during {step.name}")}


def end_state(outcomes: Outcomes, *, halted: bool = False) -> State:
    """How a run ended, by its hosts. What was rolled back is never a success."""
    found = {result.outcome for result in outcomes.values() if not result.succeeded}
    if found - {"rolled back", "not started"}:
        return "failed"
    if "rolled back" in found:
        return "rolled back"
    return "failed" if halted or found else "done"


def exit_code(state: State, outcomes: Outcomes) -> ExitCode:
    """The command's answer; a lock is held where another run has the lease of every host."""
    bad = [found for found in outcomes.values() if not found.succeeded]
    if state == "failed" and bad and all(found.locked for found in bad):
        return ExitCode.LOCK_HELD
    if state == "failed" and bad and all(found.stale for found in bad):
        return ExitCode.PLAN_STALE
    codes: dict[State, ExitCode] = {
        "done": ExitCode.OK,
        "rolled back": ExitCode.ROLLED_BACK,
        "paused": ExitCode.GATE_INCONCLUSIVE,
        "failed": ExitCode.SOME_HOSTS_FAILED,
        "cancelled": ExitCode.SOME_HOSTS_FAILED,
        "interrupted": ExitCode.INTERRUPTED,
        "running": ExitCode.OK,
    }
    return codes[state]
