"""DBOS in this process, for exactly one run: start it, or resume it where it was left.

Each run is its own DBOS executor and its own application version. So a process that starts DBOS
resumes its own run and no other, whatever else is unfinished in the database: DBOS puts a run
that is resumed into a queue, from which every process of the same version would take it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from dbos import DBOS, SetWorkflowID

from bunker.events import Event
from bunker.journal.database import APPLICATION, VERSION, JsonSerializer, journal_url

Value = TypeVar("Value")
Workflow = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""From a request to a summary, both in their JSON form. DBOS repeats it after a crash, with what
its finished steps returned, until it comes to the step that was not finished. So nothing in it may
depend on anything but those returns."""

EVENTS = "events"
CANCEL = "cancel"
"""Topic of the message that asks a run which is being executed to begin nothing more."""


@dataclass(frozen=True)
class Execution:
    """One run that is being executed in this process."""

    run: str
    workflow: Workflow

    def status(self) -> str:
        """PENDING, SUCCESS, ERROR or CANCELLED."""
        found = DBOS.get_workflow_status(self.run)
        if found is None:
            return "ERROR"
        # A resumed run waits in a queue for a moment.
        return "PENDING" if found.status == "ENQUEUED" else found.status

    def start(self, request: Mapping[str, Any]) -> None:
        """Begin the run."""
        with SetWorkflowID(self.run):
            DBOS.start_workflow(self.workflow, request)

    def result(self) -> dict[str, Any]:
        """What the run returned; waits for it."""
        found: dict[str, Any] = DBOS.retrieve_workflow(self.run).get_result()
        return found


def step(name: str, work: Callable[[], Value]) -> Value:
    """Do a step of the workflow in which this is called, or give what it returned before a crash.

    What it returns is kept as JSON.
    """
    return DBOS.run_step({"name": name}, work)


def write_event(event: Event) -> None:
    """Add an event to the run in whose step or workflow this is called."""
    DBOS.write_stream(EVENTS, event.to_json())


def cancel_was_asked() -> bool:
    """Whether it was asked to begin nothing more; only in a workflow, which remembers it."""
    return DBOS.recv(CANCEL, timeout_seconds=0) is not None


@contextmanager
def engine(root: Path, run: str, workflow: Workflow) -> Iterator[Execution]:
    """DBOS, started for one run; a run that was begun before goes on by itself at once."""
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": journal_url(root),
            "application_version": f"{VERSION}-{run}",
            "executor_id": run,
            "log_level": "CRITICAL",
            "serializer": JsonSerializer(),
            "notification_listener_polling_interval_sec": 0.2,
        }
    )
    durable = DBOS.workflow(name="bunker_run", max_recovery_attempts=10_000)(workflow)
    DBOS.launch()
    try:
        yield Execution(run, durable)
    finally:
        DBOS.destroy(destroy_registry=True)
