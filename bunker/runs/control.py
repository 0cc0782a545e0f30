"""A run and the process that executes it: begin, take up again, show, stop, ask."""

from __future__ import annotations

import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from bunker.errors import BunkerError, ExitCode, Interrupted
from bunker.journal.engine import Execution, engine
from bunker.journal.ownership import claim
from bunker.journal.records import RunRequest
from bunker.runs.earlier import Earlier, earlier
from bunker.runs.port import GO_ON, PORT
from bunker.runs.summary import exit_code

if TYPE_CHECKING:
    from bunker.terminal.reporter import Reporter

POLL_SECONDS = 0.2
APPROVAL_SECONDS = 30.0
"""How long a run that is being started may keep the approval that another one wants."""
QUESTION_WAITS = "the run waits for an answer"


def execute(
    root: Path,
    request: RunRequest,
    reporter: Reporter,
    *,
    resume: bool = False,
    answer: str = "",
) -> ExitCode:
    """Execute a run in this process until it ends, pauses or is told to stop.

    ``resume`` takes up a run that was begun before; ``answer`` is for the question it waits for.
    """
    from bunker.runs.workflow import run_workflow  # noqa: PLC0415 - registers the steps with DBOS

    PORT.root, PORT.request, PORT.resumed = root, request, resume
    with ExitStack() as stack:
        stack.enter_context(claim(root, request.run))
        if resume:
            PORT.earlier = _earlier(root, request.run)
        received = stack.enter_context(_signals())
        execution = stack.enter_context(engine(root, request.run))
        if not resume:
            _start(root, request, lambda: execution.start(run_workflow, request.to_json()))
        if answer:
            PORT.decision.put(answer)
        try:
            return _follow(execution, request, reporter, received, answered=bool(answer))
        finally:
            _finish_telling(reporter)


def _start(root: Path, request: RunRequest, start: Callable[[], None]) -> None:
    """Begin the run, unless another one used its approval, also one that begins at this moment.

    The run itself is the record of that, in the database that control machines share.
    """
    approval = request.approval
    if approval is None:
        start()
        return
    from bunker.approvals import already_used  # noqa: PLC0415 - only where a group asks for one
    from bunker.journal.reader import run_with_approval  # noqa: PLC0415

    busy = BunkerError("another run is being started with the same approval right now")
    with claim(root, f"approval-{approval['id']}", patience=APPROVAL_SECONDS, refusal=busy):
        if used := run_with_approval(root, approval["id"]):
            raise already_used(used, f"the approval by {approval['approver']}")
        start()


def _earlier(root: Path, run: str) -> Earlier:
    from bunker.journal.reader import open_journal  # noqa: PLC0415 - loads DBOS

    with open_journal(root) as journal:
        return earlier(journal.events(run))


def _follow(
    execution: Execution,
    request: RunRequest,
    reporter: Reporter,
    received: list[int],
    *,
    answered: bool,
) -> ExitCode:
    while True:
        event = _next_event()
        if event is not None:
            reporter.event(event)
            if event["event"] == "paused":
                if answered:
                    answered = False  # the answer came with the command; the next one does not
                    continue
                if not _answered(str(event["reason"])):
                    return _leave_paused(request, reporter, str(event["reason"]))
            continue
        if PORT.left.is_set():
            _leave(request, reporter, received)
        if execution.status() != "PENDING" and PORT.events.empty():
            break
    if execution.status() == "CANCELLED":
        raise BunkerError(f"the run {request.run} was cancelled; no further host is changed")
    summary = execution.result()
    reporter.recap(summary["hosts"], reason=summary["reason"])
    return exit_code(summary["state"], summary["hosts"])


def _finish_telling(reporter: Reporter) -> None:
    from bunker.runs.accounts import finish_telling  # noqa: PLC0415

    finish_telling()
    while not PORT.events.empty():
        reporter.event(PORT.events.get())


def _next_event() -> dict[str, Any] | None:
    try:
        return PORT.events.get(timeout=POLL_SECONDS)
    except queue.Empty:
        return None


def _answered(reason: str) -> bool:
    """Ask whoever sits at the terminal; only a yes goes on."""
    from bunker.terminal.reporter import ask  # noqa: PLC0415

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    if ask(f"{reason}. Go on all the same?"):
        PORT.decision.put(GO_ON)
        return True
    return False


def _leave_paused(request: RunRequest, reporter: Reporter, reason: str) -> ExitCode:
    """End the process; the run waits for an answer as long as it takes."""
    PORT.stop()
    PORT.left.wait(timeout=10)
    reporter.event(
        {
            "event": "waits",
            "run": request.run,
            "message": QUESTION_WAITS,
            "reason": reason,
            "commands": [
                f"invoke run.resume {request.run} --{word}"
                for word in ("go-on", "roll-back", "stop")
            ],
        }
    )
    return ExitCode.GATE_INCONCLUSIVE


def _leave(request: RunRequest, reporter: Reporter, received: list[int]) -> None:
    """End the process in the middle of the run, which DBOS then holds for unfinished."""
    if PORT.outcomes:
        reporter.recap(dict(sorted(PORT.outcomes.items())), reason="")
    raise Interrupted(
        "stopped in the middle of a step" if len(received) > 1 else "stopped between two steps",
        remedy=f"Go on with: invoke run.resume {request.run}",
    )


@contextmanager
def _signals() -> Iterator[list[int]]:
    """First signal: every host finishes its step. Second: the worker is killed.

    Handlers instead of KeyboardInterrupt, which could cut an event in half.
    """
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            if PORT.is_changing:
                # Not through the reporter: its display may be holding a lock right now.
                text = b"\nStopping: every host finishes its step. Ctrl-C again stops at once.\n"
                os.write(2, text)
            PORT.stop()
        else:
            PORT.kill()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {
        number: signal.signal(number, handle) for number in signals
    }
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
