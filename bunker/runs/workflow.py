"""The one durable workflow behind every change: batches, a soak and its judgement, the way back.

DBOS repeats this function after a crash, with what its finished steps returned, until it comes to
the step that was not finished. So nothing here may depend on anything but those returns.
"""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from bunker.journal.engine import cancel_was_asked
from bunker.journal.records import RunBatch, RunRequest
from bunker.runs import steps
from bunker.runs.port import BACK, GO_ON
from bunker.runs.summary import Outcomes, Summary, bad_hosts, end_state, summarise
from bunker.terminal.lines import some

CANCELLED = "an operator cancelled the run"
SOAK_LOOKS = 12
"""How often a soak is looked at, at most once a minute and at least every two seconds."""


@DBOS.workflow(name="bunker_run", max_recovery_attempts=10_000)
def run_workflow(data: dict[str, Any]) -> dict[str, Any]:
    """Carry out a run request; returns the summary."""
    request = RunRequest.from_json(data)
    steps.begin(data)
    outcomes = dict(summarise(request, []).hosts)
    reason = _batches(request, data, outcomes)
    return _end(request, data, outcomes, reason)


def _batches(request: RunRequest, data: dict[str, Any], outcomes: Outcomes) -> str:
    """Change batch after batch; returns why it stopped early, or nothing."""
    judgements_left = request.judged
    for number, batch in enumerate(request.batches):
        if number:
            if cancel_was_asked():
                return CANCELLED
            closed = steps.closed_window(data)
            if closed and steps.ask(closed) != GO_ON:
                return closed
            if closed and cancel_was_asked():
                return CANCELLED
        before = steps.sample(data) if judgements_left else {}
        changed = steps.change(data, number)
        outcomes |= changed
        last = number + 1 == len(request.batches)
        reason = _too_many_bad(request, batch, changed, outcomes)
        if reason:
            return reason if not last else ""
        if number == 0 and (request.judged or request.soak_seconds):
            reason = _soak(request, data, batch, outcomes, before)
            judgements_left = False
        elif not last:
            reason = steps.gate(data, [name for name in outcomes if _is_changed(outcomes, name)])
        if reason:
            return reason
    return ""


def _too_many_bad(
    request: RunRequest, batch: RunBatch, changed: Outcomes, outcomes: Outcomes
) -> str:
    """Why no further batch begins, or nothing. A canary that fails stops everything."""
    bad = bad_hosts({name: outcomes[name] for name in request.hosts})
    broken = [name for name in bad_hosts(changed) if changed[name]["outcome"] != "unreachable"]
    if batch.name == "canary" and broken:
        return f"the canary did not make it: {some(sorted(broken), 3)}"
    if len(bad) > request.max_fail:
        allowed = f"at most {request.max_fail} may fail" if request.max_fail else "none may fail"
        named = some(sorted(bad), 3)
        return f"{len(bad)} of {len(request.hosts)} hosts did not make it ({named}); {allowed}"
    return ""


def _soak(
    request: RunRequest,
    data: dict[str, Any],
    batch: RunBatch,
    outcomes: Outcomes,
    before: dict[str, Any],
) -> str:
    """Let the first batch run for a while and judge it; returns why the run stops, or nothing."""
    fresh = [name for name in batch.hosts if _is_changed(outcomes, name)]
    if not fresh:
        return _nothing_to_judge(batch, outcomes)
    judgement = _watch(request, data, fresh, before)
    match judgement["outcome"]:
        case "pass":
            return ""
        case "cancelled":
            return CANCELLED
        case "inconclusive":
            answer = steps.ask("; ".join(judgement["reasons"]))
            if answer == GO_ON:
                return ""
            if answer == BACK:
                outcomes |= steps.way_back(data, fresh, "an operator decided so")
            return f"stopped by an operator: {'; '.join(judgement['reasons'])}"
    why = "; ".join(judgement["reasons"])
    outcomes |= steps.way_back(data, fresh, why)
    return f"the judgement failed: {why}"


def _nothing_to_judge(batch: RunBatch, outcomes: Outcomes) -> str:
    """Ask whether to go on without any evidence; hosts that had nothing to change are fine."""
    if not bad_hosts({name: outcomes[name] for name in batch.hosts}):
        return ""
    question = f"nothing can be judged: {some(sorted(batch.hosts), 3)} could not be reached"
    return "" if steps.ask(question) == GO_ON else question


def _watch(
    request: RunRequest, data: dict[str, Any], fresh: list[str], before: dict[str, Any]
) -> dict[str, Any]:
    """Look at the changed hosts until the soak is over; returns the judgement that counts."""
    pause = max(2, min(60, -(-request.soak_seconds // SOAK_LOOKS)))
    first = steps.sample(data) if request.judged else {}
    began = steps.soak_begins(data)
    looks = -(-request.soak_seconds // pause)
    for look in range(1, looks + 1):
        steps.rest(min(began + look * pause, began + request.soak_seconds))
        if cancel_was_asked():
            return {"outcome": "cancelled"}
        judgement = steps.judge(data, fresh, before, first, final=look == looks)
        if judgement["outcome"] == "fail" or look == looks:
            return judgement
    return steps.judge(data, fresh, before, first, final=True)


def _end(
    request: RunRequest, data: dict[str, Any], outcomes: Outcomes, reason: str
) -> dict[str, Any]:
    state = end_state(outcomes, halted=bool(reason)) if reason != CANCELLED else "cancelled"
    summary = Summary(dict(sorted(outcomes.items())), state=state, reason=reason)
    result = summary.to_json()
    steps.end(data, result)
    return result


def _is_changed(outcomes: Outcomes, name: str) -> bool:
    return bool(outcomes[name]["outcome"] == "changed")
