"""The steps of a run. DBOS keeps what each returns, and repeats the one that was not finished."""

from __future__ import annotations

import time
from typing import Any

from dbos import DBOS

from bunker.journal.records import RunBatch, RunRequest
from bunker.runs.port import PORT
from bunker.runs.summary import Outcomes


@DBOS.step()
def begin(data: dict[str, Any]) -> None:
    """Say that the run begins: in its events, in the audit log, to whoever wants to know."""
    from bunker.runs.accounts import note_begin  # noqa: PLC0415

    request = RunRequest.from_json(data)
    batches = [{"name": batch.name, "hosts": list(batch.hosts)} for batch in request.batches]
    PORT.event({"event": "begin", "run": request.run, "kind": request.kind, "batches": batches})
    note_begin(PORT.root, request)


@DBOS.step()
def change(data: dict[str, Any], number: int) -> Outcomes:
    """Change one batch; where the process is told to stop, it never returns."""
    from bunker.runs.batch_change import BatchChange  # noqa: PLC0415

    request = RunRequest.from_json(data)
    batch = request.batches[number]
    PORT.event(
        {
            "event": "batch",
            "name": batch.name,
            "number": number + 1,
            "of": len(request.batches),
            "hosts": list(batch.hosts),
        }
    )
    outcomes: Outcomes = {}
    for part in _parts(request, batch):
        outcomes |= BatchChange(PORT.root, request, part, PORT).run()
        if PORT.stopping:
            PORT.outcomes = outcomes
            PORT.leave()
    return outcomes


def _parts(request: RunRequest, batch: RunBatch) -> list[RunBatch]:
    if not request.one_at_a_time:
        return [batch]
    return [RunBatch(batch.name, (name,)) for name in batch.hosts]


@DBOS.step()
def way_back(data: dict[str, Any], names: list[str], why: str) -> Outcomes:
    """Bring hosts that were changed well back to what they were, because of a later judgement."""
    from bunker.runs.batch_change import BatchChange  # noqa: PLC0415

    request = RunRequest.from_json(data)
    back = BatchChange(PORT.root, request, RunBatch("way back", tuple(names)), PORT)
    outcomes = back.return_all(why)
    if PORT.stopping:
        PORT.outcomes = outcomes
        PORT.leave()
    return outcomes


@DBOS.step()
def gate(data: dict[str, Any], names: list[str]) -> str:
    """Ask the hosts that were changed whether they are still well; returns why not, or nothing."""
    from bunker.runs.gates import still_well  # noqa: PLC0415

    reason = still_well(PORT.root, RunRequest.from_json(data), names)
    outcome = "fail" if reason else "pass"
    PORT.event({"event": "gate", "outcome": outcome, "hosts": names, "reason": reason})
    return reason


@DBOS.step()
def sample(data: dict[str, Any]) -> dict[str, Any]:
    """The metrics of all hosts of the run, as far as they answer."""
    from bunker.runs.gates import take_samples  # noqa: PLC0415

    return take_samples(PORT.root, RunRequest.from_json(data))


@DBOS.step()
def soak_begins(data: dict[str, Any]) -> float:
    """Say until when the first batch is watched; returns when that began."""
    seconds = RunRequest.from_json(data).soak_seconds
    now = time.time()
    PORT.event({"event": "soak", "seconds": seconds, "until": now + seconds})
    return now


@DBOS.step()
def judge(
    data: dict[str, Any],
    fresh: list[str],
    before: dict[str, Any],
    first: dict[str, Any],
    *,
    final: bool,
) -> dict[str, Any]:
    """Judge the changed hosts so far; only the last look may be inconclusive."""
    from bunker.runs.gates import judge_batch  # noqa: PLC0415

    judgement = judge_batch(PORT.root, RunRequest.from_json(data), fresh, before, first)
    if final or judgement["outcome"] == "fail":
        PORT.event({"event": "judgement", **judgement})
    return judgement


@DBOS.step()
def closed_window(data: dict[str, Any]) -> str:
    """Why no further batch may begin now, or nothing."""
    from bunker.runs.gates import window_is_closed  # noqa: PLC0415

    return window_is_closed(PORT.root, RunRequest.from_json(data))


@DBOS.step()
def rest(until: float) -> None:
    """Wait for a point in time (seconds since 1970). A resumed run waits for what is left of it."""
    PORT.wait(until)


@DBOS.step()
def ask(question: str) -> str:
    """Put a question to an operator and return the answer, however often the process ends first."""
    from bunker.runs.accounts import note_pause  # noqa: PLC0415

    PORT.event({"event": "paused", "reason": question})
    note_pause(PORT.root, PORT.request, question)
    answer = PORT.answer()
    PORT.event({"event": "decided", "answer": answer})
    return answer


@DBOS.step()
def end(data: dict[str, Any], summary: dict[str, Any]) -> None:
    """Say how the run ended."""
    from bunker.runs.accounts import note_end  # noqa: PLC0415

    if summary["reason"]:
        PORT.event({"event": "halted", "reason": summary["reason"]})
    note_end(PORT.root, RunRequest.from_json(data), summary)
    PORT.event({"event": "end", "state": summary["state"]})
