"""Looking at runs without executing any."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError
from bunker.journal.database import JsonSerializer, damaged, exists, journal_url
from bunker.journal.engine import CANCEL, EVENTS
from bunker.journal.ownership import database_is_away, is_owned
from bunker.journal.records import RunRecord, RunRequest, State
from bunker.runs.summary import summarise

NO_TABLES = ("42P01", "3F000")
"""What Postgres answers where a table, or the schema that it is in, does not exist."""
NO_TABLE = "no such table"
"""What SQLite says."""


class NoRuns(BunkerError):
    """Nothing was ever run here."""


class Journal:
    """All runs of a control machine, or of those that share its database."""

    def __init__(self, root: Path, client: Any) -> None:
        self.root = root
        self._client = client

    def runs(self, *, limit: int = 20, fleet: str | None = None) -> list[RunRecord]:
        """The newest runs first."""
        found = self._client.list_workflows(sort_desc=True, limit=None if fleet else limit)
        records = [self._record(status) for status in found if status.input]
        chosen = [record for record in records if fleet in (None, record.request.fleet)]
        return chosen[:limit]

    def run(self, run: str) -> RunRecord:
        """One run by its id, or by how its id begins or ends where that is enough."""
        found = self._client.list_workflows(workflow_ids=[run])
        if not found:
            every = self._client.list_workflows(load_input=False, load_output=False)
            names = [status.workflow_id for status in every]
            close = [name for name in names if name.startswith(run) or name.endswith(run)]
            if len(close) == 1:
                return self.run(close[0])
            raise BunkerError(
                f"there is no run {run}" if not close else f"{len(close)} runs are called so",
                where=run,
                expected="the id of a run",
                remedy="See them with: invoke run.list",
            )
        return self._record(found[0])

    def run_with_approval(self, approval: str) -> str | None:
        """The run that was started with an approval of this id (of the last eight days)."""
        since = datetime.now(UTC) - timedelta(days=8)
        for status in self._client.list_workflows(start_time=since.isoformat(), load_output=False):
            with suppress(KeyError, IndexError, TypeError, AttributeError):
                if status.input["args"][0]["approval"]["id"] == approval:
                    return str(status.workflow_id)
        return None

    def events(self, run: str) -> list[dict[str, Any]]:
        """All events so far, in order."""
        return list(self._stream(run, 0, timeout=0.001))

    def follow(self, run: str, offset: int = 0, *, seconds: float = 1.0) -> list[dict[str, Any]]:
        """The events from a position on; waits for new ones at most so many seconds."""
        return list(self._stream(run, offset, timeout=seconds))

    def cancel(self, run: str) -> None:
        """No further batch of the run begins; what has begun is finished by who executes it."""
        if is_owned(self.root, run):
            # DBOS' own way would take the run from the process that is changing hosts for it.
            self._client.send(run, CANCEL, CANCEL)
        else:
            self._client.cancel_workflow(run)

    def _stream(self, run: str, offset: int, *, timeout: float) -> Iterator[dict[str, Any]]:
        from dbos import error  # noqa: PLC0415 - loaded by open_journal already

        try:
            yield from self._client.read_stream(
                run, EVENTS, offset=offset, timeout_seconds=timeout, polling_interval_sec=0.2
            )
        except error.DBOSStreamTimeoutError:
            return

    def _record(self, status: Any) -> RunRecord:
        try:
            return self._readable(status)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            raise damaged(f"the record of run {status.workflow_id}") from None

    def _readable(self, status: Any) -> RunRecord:
        request = RunRequest.from_json(status.input["args"][0])
        summary: dict[str, Any]
        if status.status == "SUCCESS":
            summary = status.output
        else:
            summary = summarise(request, self.events(request.run)).to_json()
        state = self._state(status.status, summary, request.run)
        if state == "running":
            for outcome in summary["hosts"].values():
                if outcome["outcome"] == "interrupted":
                    outcome["outcome"] = "under way"
        return RunRecord(
            request=request,
            state=state,
            started=status.created_at / 1000,
            updated=status.updated_at / 1000,
            summary={key: value for key, value in summary.items() if key != "state"},
        )

    def _state(self, status: str, summary: dict[str, Any], run: str) -> State:
        if status == "CANCELLED":
            return "cancelled"
        if status == "SUCCESS":
            state: State = summary["state"]
            return state
        if status == "ERROR":
            return "failed"
        if summary.get("paused"):
            return "paused"
        return "running" if is_owned(self.root, run) else "interrupted"


@contextmanager
def open_journal(root: Path) -> Iterator[Journal]:
    """The journal for reading; raises BunkerError where nothing was ever run here."""
    if not exists(root):
        raise _no_runs()
    from dbos import DBOSClient  # noqa: PLC0415 - loads SQLAlchemy
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    try:
        client = DBOSClient(system_database_url=journal_url(root), serializer=JsonSerializer())
    except DBAPIError as error:
        raise database_is_away(error.orig or error) from None
    try:
        yield Journal(root, client)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") in NO_TABLES or NO_TABLE in str(error.orig):
            raise _no_runs() from None  # a shared database gets its tables from the first run
        raise database_is_away(error.orig or error) from None
    finally:
        client.destroy()


def run_with_approval(root: Path, approval: str) -> str | None:
    """The run that was started with an approval of this id; None where none was."""
    try:
        with open_journal(root) as journal:
            return journal.run_with_approval(approval)
    except NoRuns:
        return None


def _no_runs() -> NoRuns:
    return NoRuns("there are no runs yet", remedy="A run begins with: invoke upgrade --host NAME")
