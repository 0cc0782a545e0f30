"""A run and the process that executes it: begin, resume, show, stop, ask."""

import queue
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from bunker.approvals import already_used
from bunker.errors import BunkerError, ExitCode, Interrupted
from bunker.events import Event, Paused, Stopping, Waits
from bunker.journal.engine import Execution, Workflow, cancel_was_asked, engine, step, write_event
from bunker.journal.ownership import claim
from bunker.journal.reader import open_journal, run_with_approval
from bunker.journal.records import RunRequest, Summary
from bunker.journal.summary import exit_code
from bunker.runs.armed_hosts import ArmedHosts
from bunker.runs.context import RunContext
from bunker.runs.kinds import kind_of
from bunker.runs.resume_state import resume_state
from bunker.runs.steps import RunSteps
from bunker.terminal.reporter import Reporter
from bunker.terminal.run_text import ANSWERS, answers

POLL_SECONDS = 0.2
APPROVAL_SECONDS = 30.0
"""How long a run that is being started may keep the approval that another one wants."""
QUESTION_WAITS = "the run waits for an answer"
WAIT = "wait"
STOPPING = (
    "Stopping: every host finishes the step that it is in, which may take as long as the step does."
    " Then this ends; resume it with: invoke run.resume {run}\nCtrl-C again stops at once, in the"
    " middle of a step."
)


def execute(
    root: Path,
    request: RunRequest,
    reporter: Reporter,
    *,
    resume: bool = False,
    answer: str = "",
) -> ExitCode:
    """Execute a run in this process until it ends, pauses or is told to stop.

    ``resume`` resumes a run that was begun before; ``answer`` is for the question it waits for.
    """
    with ExitStack() as stack:
        stack.enter_context(claim(root, request.run))
        before = None
        armed = ArmedHosts()
        if resume:
            with open_journal(root) as journal:
                events = journal.events(request.run)
            before = resume_state(events)
            for event in events:
                armed.take(event)
        context = RunContext(root, request, write_event, before)
        received = stack.enter_context(_signals(context))
        execution = stack.enter_context(engine(root, request.run, _workflow(context)))
        if not resume:
            _start(root, request, lambda: execution.start(request.to_json()))
        if answer:
            context.decision.put(answer)
        context.answered = bool(answer)
        return _follow(execution, context, reporter, received, armed)


def _workflow(context: RunContext) -> Workflow:
    """The workflow of the run's kind, as the engine repeats it."""

    def work(data: Mapping[str, Any]) -> Mapping[str, Any]:
        assert data["run"] == context.request.run  # noqa: S101 - a process executes one run
        kind, _arguments = kind_of(context.request)
        run = RunSteps(context, step, cancel_was_asked)
        run.begin()
        summary = kind.workflow(run)
        run.end(summary)
        return summary.to_json()

    return work


def _start(root: Path, request: RunRequest, start: Callable[[], None]) -> None:
    """Begin the run, unless another one used its approval, also one that begins at this moment.

    The run itself is the record of that, in the database that control machines share.
    """
    approval = request.approval
    if approval is None:
        start()
        return
    busy = BunkerError("another run is being started with the same approval right now")
    with claim(root, f"approval-{approval['id']}", patience=APPROVAL_SECONDS, refusal=busy):
        if used := run_with_approval(root, approval["id"]):
            raise already_used(used, f"the approval by {approval['approver']}")
        start()


def _follow(
    execution: Execution,
    context: RunContext,
    reporter: Reporter,
    received: list[int],
    armed: ArmedHosts,
) -> ExitCode:
    request = context.request
    told = False
    while True:
        if received and not told and context.is_changing:
            told = True
            reporter.event(Stopping(message=STOPPING.format(run=request.run)))
        event = _next_event(context)
        if event is not None:
            armed.take(event)
            reporter.event(event)
            if isinstance(event, Paused):
                if context.answered:
                    context.answered = (
                        False  # the answer came with the command; the next one does not
                    )
                    continue
                if not _answered(context, reporter, event):
                    return _leave_paused(context, reporter, event)
            continue
        reporter.tick()
        if context.left.is_set():
            _leave(context, reporter, armed)
        if execution.status() != "PENDING" and context.events.empty():
            break
    if execution.status() == "CANCELLED":
        raise BunkerError(f"the run {request.run} was cancelled; no further host is changed")
    summary = Summary.from_json(execution.result())
    reporter.recap(summary.hosts, reason=summary.reason)
    return exit_code(summary.state, summary.hosts)


def _next_event(context: RunContext) -> Event | None:
    try:
        return context.events.get(timeout=POLL_SECONDS)
    except queue.Empty:
        return None


def _answered(context: RunContext, reporter: Reporter, paused: Paused) -> bool:
    """Ask whoever sits at the terminal; without an answer the run waits."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    choices = {word: ANSWERS[word] for word in paused.answers}
    answer = reporter.choose(f"{paused.reason}.", {**choices, WAIT: "the run waits for an answer"})
    if answer == WAIT:
        return False
    context.decision.put(answer)
    return True


def _leave_paused(context: RunContext, reporter: Reporter, paused: Paused) -> ExitCode:
    """End the process; the run waits for an answer as long as it takes."""
    context.stop()
    context.left.wait(timeout=10)
    run = context.request.run
    commands = tuple(answers(run, paused.answers))
    reporter.event(Waits(run=run, message=QUESTION_WAITS, reason=paused.reason, commands=commands))
    return ExitCode.GATE_INCONCLUSIVE


def _leave(context: RunContext, reporter: Reporter, armed: ArmedHosts) -> None:
    """End the process in the middle of the run, which DBOS then holds for unfinished."""
    if context.outcomes:
        reporter.recap(dict(sorted(context.outcomes.items())))
    raise Interrupted(
        "; ".join(["the run is not finished", *armed.sentences(context)]),
        remedy=f"Resume it with: invoke run.resume {context.request.run}",
    )


@contextmanager
def _signals(context: RunContext) -> Iterator[list[int]]:
    """First signal: every host finishes its step. Second: the worker is killed.

    Handlers instead of KeyboardInterrupt, which could cut an event in half.
    """
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            # Told by the loop that shows events: the display may be holding a lock right now.
            context.stop()
        else:
            context.stop(at_once=True)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {
        number: signal.signal(number, handle) for number in signals
    }
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
