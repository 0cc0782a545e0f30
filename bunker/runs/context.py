"""One process' view of the one run that it executes: events out; stop, kill and answers in."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from bunker.events import (
    Connected,
    Done,
    Event,
    HostEnded,
    Log,
    PlanFailed,
    Planned,
    Planning,
    Ready,
)
from bunker.role import named
from bunker.runs.resume_state import ResumeState

if TYPE_CHECKING:
    from bunker.fleet import Fleet
    from bunker.journal.records import RunRequest
    from bunker.outcomes import Outcomes
    from bunker.worker.client import WorkerClient

TOLD_BEFORE: Final = (Planning, Planned, PlanFailed, Connected, Ready)
"""The operator saw the plan before the run began; planning anew under the lease tells nothing."""
NOT_KEPT: Final = (Log, Done, HostEnded)
"""Events that are shown while they happen and not kept: a resumed run tells them anew."""

GO_ON: Final = "go on"
STOP: Final = "stop"
BACK: Final = "roll back"


class Left(BaseException):
    """A step was stopped. Not an Exception: DBOS would keep that as the step's result."""


class RunContext:
    """What holds a run's process; passed to whatever works for the run.

    The run's steps happen in threads of DBOS; the main thread shows events and handles signals.
    ``keep`` writes an event into the run. ``resumed`` is None in a run that begins.
    """

    def __init__(
        self,
        root: Path,
        request: RunRequest,
        keep: Callable[[Event], None],
        resumed: ResumeState | None = None,
    ) -> None:
        self.root = root
        self.request = request
        self.resumed = resumed
        self.before = resumed or ResumeState()
        self.started = time.time()
        self.answered = False
        """Whether the command that resumed it brought the answer to its question."""
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.decision: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.outcomes: Outcomes = {}
        self.left = threading.Event()
        self._keep = keep
        self._stop_asked = threading.Event()
        self._worker: WorkerClient | None = None

    def load_fleet(self) -> Fleet:
        """The run's fleet, as its files are now; without hosts whose files have faults."""
        # Named, so that the registry of kinds costs nothing.
        fleet: Fleet = named("bunker.fleet:load_fleet")(self.root, self.request.fleet, partial=True)
        return fleet

    def event(self, event: Event) -> None:
        """Keep an event in the run and show it. Steps of a run call this; so does a worker."""
        if isinstance(event, TOLD_BEFORE):
            return
        event = replace(event, time=round(time.time(), 3))
        if not isinstance(event, NOT_KEPT):
            self._keep(event)
        self.events.put(event)

    def use(self, worker: WorkerClient | None) -> None:
        """The worker that a stop has to reach, or none any more."""
        self._worker = worker
        if worker is not None and self.stopping:
            worker.stop()

    @property
    def stopping(self) -> bool:
        """Whether someone asked to stop."""
        return self._stop_asked.is_set()

    def stop(self, *, at_once: bool = False) -> None:
        """Every host finishes the step it is in; nothing else begins.

        ``at_once``: what is under way on hosts is not waited for.
        """
        self._stop_asked.set()
        self.decision.put(STOP)  # a question that waits is left
        if worker := self._worker:
            (worker.kill if at_once else worker.stop)()

    @property
    def is_changing(self) -> bool:
        """Whether a worker is under way right now."""
        return self._worker is not None

    def wait(self, until: float) -> None:
        """Wait for a point in time, in a step of the run."""
        if self._stop_asked.wait(max(0.0, until - time.time())):
            self.leave()

    def answer(self) -> str:
        """An operator's answer, in a step of the run that asked."""
        answer = self.decision.get()
        if self.stopping:
            self.leave()
        return answer

    def leave(self) -> NoReturn:
        """End the step that was stopped. The run stays unfinished and repeats it on resume."""
        self.left.set()
        raise Left
