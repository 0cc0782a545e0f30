"""Looking at runs without executing any."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dbos import DBOSClient, error
from sqlalchemy.exc import DBAPIError

from bunker.errors import BunkerError
from bunker.events import Event, State, read_event
from bunker.journal.database import JsonSerializer, damaged, journal_url
from bunker.journal.engine import CANCEL, EVENTS
from bunker.journal.ownership import database_is_away, is_owned
from bunker.journal.place import exists
from bunker.journal.records import ENDED, OtherSchema, RunRecord, RunRequest, Summary
from bunker.journal.summary import summarise
from bunker.outcomes import HostOutcome
from bunker.suggest import near_misses

NO_TABLES = ("42P01", "3F000")
"""What Postgres answers where a table, or the schema that it is in, does not exist."""
NO_TABLE = "no such table"
"""What SQLite says."""


MEANT = 3
"""So many runs are named where none, or several, can be meant."""


class NoRuns(BunkerError):
    """Nothing was ever run here."""


class Journal:
    """All runs of a control machine, or of those that share its database."""

    def __init__(self, root: Path, client: Any) -> None:
        self.root = root
        self.left_out = 0
        self._client = client

    def runs(self, *, limit: int = 20, fleet: str | None = None) -> list[RunRecord]:
        """The newest runs first, without those that another version of Bunker Ops recorded.

        ``left_out`` counts these.
        """
        found = self._client.list_workflows(sort_desc=True, limit=None if fleet else limit)
        return self._records(found, fleet)[:limit]

    def open_runs(self, fleet: str) -> list[RunRecord]:
        """Those of a fleet that have not ended, the newest first."""
        found = self._client.list_workflows(status=["PENDING", "ENQUEUED"], sort_desc=True)
        return [one for one in self._records(found, fleet) if one.state not in ENDED]

    def _records(self, found: Iterable[Any], fleet: str | None) -> list[RunRecord]:
        records = []
        for status in found:
            try:
                records += [self._record(status)] if status.input else []
            except OtherSchema:
                self.left_out += 1
        return [record for record in records if fleet in (None, record.request.fleet)]

    def run(self, run: str) -> RunRecord:
        """One run by its id, or by how its id begins or ends where that is enough."""
        found = self._client.list_workflows(workflow_ids=[run])
        if not found:
            every = self._client.list_workflows(load_input=False, load_output=False)
            names = [status.workflow_id for status in every]
            close = [name for name in names if name.startswith(run) or name.endswith(run)]
            if len(close) == 1:
                return self.run(close[0])
            meant = " or ".join(close[:MEANT] or _likely(run, names))
            raise BunkerError(
                f"there is no run {run}" if not close else f"{len(close)} runs are called so",
                where=run,
                expected="the id of a run",
                remedy=f"{f'Perhaps {meant} was meant. ' if meant else ''}See: invoke run.list",
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

    def events(self, run: str) -> list[Event]:
        """All events so far, in order."""
        return list(self._stream(run, 0, timeout=0.001))

    def follow(self, run: str, offset: int = 0, *, seconds: float = 1.0) -> list[Event]:
        """The events from a position on; waits for new ones at most so many seconds."""
        return list(self._stream(run, offset, timeout=seconds))

    def cancel(self, run: str) -> None:
        """No further batch of the run begins; what has begun is finished by who executes it."""
        if is_owned(self.root, run):
            # DBOS' own way would take the run from the process that is changing hosts for it.
            self._client.send(run, CANCEL, CANCEL)
        else:
            self._client.cancel_workflow(run)

    def _stream(self, run: str, offset: int, *, timeout: float) -> Iterator[Event]:
        try:
            for data in self._client.read_stream(
                run, EVENTS, offset=offset, timeout_seconds=timeout, polling_interval_sec=0.2
            ):
                yield read_event(data)
        except error.DBOSStreamTimeoutError:
            return
        except ValueError:
            raise damaged(f"an event of run {run}") from None

    def _record(self, status: Any) -> RunRecord:
        try:
            return self._readable(status)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            raise damaged(f"the record of run {status.workflow_id}") from None

    def _readable(self, status: Any) -> RunRecord:
        request = RunRequest.from_json(status.input["args"][0])
        if status.status == "SUCCESS":
            summary = Summary.from_json(status.output)
        else:
            summary = summarise(request, self.events(request.run))
            state = self._state(status.status, summary, request.run)
            hosts = summary.hosts
            if state == "running":
                hosts = {name: _under_way(found) for name, found in hosts.items()}
            summary = replace(summary, state=state, hosts=hosts)
        return RunRecord(
            request=request,
            summary=summary,
            started=status.created_at / 1000,
            updated=status.updated_at / 1000,
        )

    def _state(self, status: str, summary: Summary, run: str) -> State:
        if status == "CANCELLED":
            return "cancelled"
        if status == "ERROR":
            return "failed"
        if summary.paused:
            return "paused"
        return "running" if is_owned(self.root, run) else "interrupted"


def _likely(run: str, names: Iterable[str]) -> list[str]:
    """Runs whose ids look like this one, the newest first; or whose ends do, for short names."""
    every = sorted(names, reverse=True)
    ends = {name.rpartition("-")[2]: name for name in reversed(every)}
    likely = {ends[end] for end in near_misses(run, ends)} or set(near_misses(run, every))
    return [name for name in every if name in likely][:MEANT]


def _under_way(found: HostOutcome) -> HostOutcome:
    return replace(found, outcome="under way") if found.outcome == "interrupted" else found


@contextmanager
def open_journal(root: Path) -> Iterator[Journal]:
    """The journal for reading; raises BunkerError where nothing was ever run here."""
    if not exists(root):
        raise _no_runs()
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
