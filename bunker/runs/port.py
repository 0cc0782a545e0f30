"""How a run that is under way speaks to the process that executes it, and hears it say stop."""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from bunker.runs.earlier import Earlier
from bunker.worker.events import Event

if TYPE_CHECKING:
    from bunker.journal.records import RunRequest
    from bunker.notify import Dispatcher
    from bunker.worker.client import WorkerClient

TOLD_BEFORE = ("planned", "connected", "ready")
"""The operator saw the plan before the run began; planning anew under the lease tells nothing."""
QUIET = ("log", "done", "host")
"""Events that are shown while they happen and not kept: a resumed run tells them anew."""


class Port:
    """One process' view of the one run that it executes.

    The run's steps happen in threads of DBOS; the main thread shows events and handles signals.
    """

    def __init__(self) -> None:
        self.root = Path()
        self.started = time.time()
        self.request: RunRequest | None = None
        self.dispatcher: Dispatcher | None = None
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.stop_asked = threading.Event()
        self.resumed = False
        self.earlier = Earlier()
        self.decision: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.outcomes: dict[str, dict[str, Any]] = {}
        self.left = threading.Event()
        self._worker: WorkerClient | None = None
        self._lock = threading.Lock()

    def event(self, event: dict[str, Any]) -> None:
        """Keep an event in the run and show it. Steps of a run call this; so does a worker."""
        from bunker.journal.engine import write_event  # noqa: PLC0415 - loads DBOS

        if event["event"] in TOLD_BEFORE:
            return
        event = {**event, "time": round(time.time(), 3)}
        if event["event"] not in QUIET:
            write_event(event)
        self.events.put(event)

    def use(self, worker: WorkerClient | None) -> None:
        """The worker that a stop has to reach, or none any more."""
        with self._lock:
            self._worker = worker
            if worker is not None and self.stopping:
                worker.stop()

    @property
    def stopping(self) -> bool:
        """Whether somebody asked to stop."""
        return self.stop_asked.is_set()

    def stop(self) -> None:
        """Every host finishes the step it is in; nothing else begins."""
        self.stop_asked.set()
        worker = self._worker
        if worker is not None:
            worker.stop()

    def kill(self) -> None:
        """End at once; what is under way on hosts is not waited for."""
        self.stop_asked.set()
        worker = self._worker
        if worker is not None:
            worker.kill()

    @property
    def is_changing(self) -> bool:
        """Whether a worker is under way right now."""
        return self._worker is not None

    def wait(self, until: float) -> None:
        """Wait for a point in time, in a step of the run."""
        if self.stop_asked.wait(max(0.0, until - time.time())):
            self.leave()

    def answer(self) -> str:
        """An operator's answer, in a step of the run that asked."""
        while True:
            if self.stopping:
                self.leave()
            try:
                return self.decision.get(timeout=0.2)
            except queue.Empty:
                continue

    def leave(self) -> NoReturn:
        """End the step that was stopped. The run stays unfinished and repeats it on resume."""
        self.left.set()
        raise Left


class Left(BaseException):
    """Not an Exception: DBOS would keep that as the step's result."""


GO_ON: Final = "go on"
STOP: Final = "stop"
BACK: Final = "roll back"

PORT = Port()
"""A process executes one run."""
