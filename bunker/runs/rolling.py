"""The workflows of changes that go through batches: soak and analysis after the first, a health
gate between two, and the rollback of what a later gate found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from bunker.events import Analysis, RunBatch
from bunker.journal.records import Summary
from bunker.journal.summary import end_state, summarise
from bunker.outcomes import HostOutcome, Outcomes, failed_hosts
from bunker.runs.context import BACK, GO_ON, STOP
from bunker.terminal.lines import some

if TYPE_CHECKING:
    from bunker.runs.steps import RunSteps, Samples

Parts = Callable[[RunBatch], Iterable[tuple[str, ...]]]
"""The hosts of a batch in the parts that are changed at the same time."""
CANCELLED = "an operator cancelled the run"
SOAK_LOOKS = 12
"""How often a soak is looked at, at most once a minute and at least every two seconds."""


def rolling(run: RunSteps) -> Summary:
    """Change batch after batch until one gives a reason to stop."""
    return _through(run, lambda batch: [batch.hosts])


def one_by_one(run: RunSteps) -> Summary:
    """The same for a change that takes hosts out of service: never two at the same time."""
    return _through(run, lambda batch: [(name,) for name in batch.hosts])


def _through(run: RunSteps, parts: Parts) -> Summary:
    outcomes = dict(summarise(run.request, ()).hosts)
    reason = _batches(run, outcomes, parts)
    state = "cancelled" if reason == CANCELLED else end_state(outcomes, halted=bool(reason))
    return Summary(dict(sorted(outcomes.items())), state=state, reason=reason)


def _may_not_go_on(run: RunSteps) -> str:
    """Why no further batch begins although the last one is fine, or nothing."""
    if run.cancel_asked():
        return CANCELLED
    closed = run.closed_window()
    if closed and run.ask(closed, GO_ON, STOP) != GO_ON:
        return closed
    if closed and run.cancel_asked():
        return CANCELLED
    return ""


def _too_many_failed(run: RunSteps, batch: RunBatch, changed: Outcomes, outcomes: Outcomes) -> str:
    """Why no further batch begins, or nothing. A canary that fails stops everything."""
    request = run.request
    bad = failed_hosts({name: outcomes[name] for name in request.hosts})
    broken = [name for name in failed_hosts(changed) if changed[name].outcome != "unreachable"]
    if batch.name == "canary" and broken:
        return f"the canary failed: {some(sorted(broken), 3)}"
    most = request.pace.max_fail
    if len(bad) > most:
        allowed = f"at most {most} may fail" if most else "none may fail"
        named = some(sorted(bad), 3)
        return f"{len(bad)} of {len(request.hosts)} hosts failed ({named}); {allowed}"
    return ""


def _changed_hosts(outcomes: Outcomes) -> list[str]:
    """Hosts that were changed and are healthy so far."""
    return [name for name, found in outcomes.items() if found.outcome == "changed"]


def _batches(run: RunSteps, outcomes: dict[str, HostOutcome], parts: Parts) -> str:
    """Change batch after batch, each in its parts; returns why it stopped early, or nothing."""
    request, pace = run.request, run.request.pace
    first, last = request.hosts[0], request.hosts[-1]
    for number, batch in enumerate(request.batches):
        before: Samples = run.sample() if number == 0 and pace.analysed else {}
        for names in parts(batch):
            if first not in names and (reason := _may_not_go_on(run)):
                return reason
            changed = run.change(number, names)
            outcomes |= changed
            if reason := _too_many_failed(run, batch, changed, outcomes):
                return reason if last not in names else ""
        if number == 0 and (pace.analysed or pace.soak_seconds):
            reason = _soak(run, batch, outcomes, before)
        elif last not in batch.hosts:
            reason = run.gate(_changed_hosts(outcomes))
        if reason:
            return reason
    return ""


def _soak(run: RunSteps, batch: RunBatch, outcomes: dict[str, HostOutcome], before: Samples) -> str:
    """Let the first batch run for a while and analyse it; returns why the run stops, or nothing."""
    fresh = _changed_hosts({name: outcomes[name] for name in batch.hosts})
    if not fresh:
        return _nothing_to_analyse(run, batch, outcomes)
    analysis = _watch(run, fresh, before)
    why = "; ".join(analysis.reasons)
    match analysis.outcome:
        case "pass":
            return ""
        case "cancelled":
            return CANCELLED
        case "inconclusive":
            answer = run.ask(why, GO_ON, BACK, STOP)
            if answer == GO_ON:
                return ""
            if answer == BACK:
                outcomes |= run.roll_back(fresh, "an operator decided so")
            return f"stopped by an operator: {why}"
    outcomes |= run.roll_back(fresh, why)
    return f"the canary analysis failed: {why}"


def _nothing_to_analyse(run: RunSteps, batch: RunBatch, outcomes: Outcomes) -> str:
    """Ask whether to go on without any evidence; hosts that had nothing to change are fine."""
    if not failed_hosts({name: outcomes[name] for name in batch.hosts}):
        return ""
    question = f"there is nothing to analyse: {some(sorted(batch.hosts), 3)} could not be reached"
    return "" if run.ask(question, GO_ON, STOP) == GO_ON else question


def _watch(run: RunSteps, fresh: Sequence[str], before: Samples) -> Analysis:
    """Look at the changed hosts until the soak is over; returns the analysis that counts."""
    pace = run.request.pace
    pause = max(2, min(60, -(-pace.soak_seconds // SOAK_LOOKS)))
    first = run.sample() if pace.analysed else {}
    began = run.soak_begins()
    until = began + pace.soak_seconds
    looks = -(-pace.soak_seconds // pause)
    for look in range(1, looks + 1):
        run.rest(min(began + look * pause, until))
        if run.cancel_asked():
            return Analysis(outcome="cancelled")
        analysis = run.analyse(fresh, before, first, until=until, final=look == looks)
        if analysis.outcome == "fail" or look == looks:
            return analysis
    return run.analyse(fresh, before, first, final=True)
