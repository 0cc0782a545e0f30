"""A run is executed by one process at a time; whoever it is, its death frees the run."""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bunker.errors import BunkerError, ExitCode
from bunker.journal.database import journal_url
from bunker.journal.place import URL_VARIABLE, is_shared, state_folder
from bunker.locks import locked

PATIENCE_SECONDS = 1.0
_NAMESPACE = 0x6275  # keeps our advisory locks apart from others in a shared database

_FIND_THE_DEAD = """
set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
set idle_session_timeout = 0
"""


class RunIsOwned(BunkerError):
    """Another process executes the run right now."""

    exit_code = ExitCode.LOCK_HELD


@contextmanager
def claim(
    root: Path,
    run: str,
    *,
    patience: float = PATIENCE_SECONDS,
    refusal: BunkerError | None = None,
) -> Iterator[None]:
    """Be the one process that executes a run; raises RunIsOwned where another one does.

    On one machine a locked file says so, in a shared database an advisory lock of the session:
    both go with the process that holds them, even after ``kill -9``. Whoever only looks whether a
    run is owned holds it for a moment, which ``patience`` (seconds) outlasts. ``refusal`` is raised
    instead, where something else than a run is claimed.
    """
    problem = refusal or RunIsOwned(
        f"the run {run} is being executed by another process",
        remedy=f"Look at it with: invoke run.watch {run}",
    )
    if is_shared():
        with _connection(root) as cursor:
            until = time.monotonic() + patience
            while not _try_lock(cursor, run):
                if time.monotonic() >= until:
                    raise problem
                time.sleep(0.05)
            yield
        return
    folder = state_folder(root) / "executing"
    folder.mkdir(mode=0o700, exist_ok=True)
    with locked(folder / run, patience, problem):
        yield


def is_owned(root: Path, run: str) -> bool:
    """Whether some process executes the run right now."""
    try:
        with claim(root, run, patience=0):
            return False
    except RunIsOwned:
        return True


def _try_lock(cursor: Any, run: str) -> bool:
    number = zlib.crc32(run.encode()) - 2**31
    cursor.execute("select pg_try_advisory_lock(%s, %s)", (_NAMESPACE, number))
    return bool(cursor.fetchone()[0])


@contextmanager
def _connection(root: Path) -> Iterator[Any]:
    try:
        connection = psycopg.connect(journal_url(root), autocommit=True, connect_timeout=10)
        # A control machine that lost its power says nothing; the server finds out by asking.
        connection.execute(_FIND_THE_DEAD)
    except psycopg.OperationalError as error:
        raise database_is_away(error) from None
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def database_is_away(error: Exception) -> BunkerError:
    """One sentence without the address, which may hold a password."""
    said = str(error).strip().splitlines() or [type(error).__name__]
    return BunkerError(
        f"the run database does not answer ({said[0]})",
        where=URL_VARIABLE if is_shared() else "runs.sqlite",
        remedy="Look whether the server runs and the address is right"
        if is_shared()
        else "Restore .bunker/runs.sqlite, or move it aside: hosts lose nothing by it",
    )
