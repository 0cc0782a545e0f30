"""A run is executed by one process at a time; whoever it is, its death frees the run."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from bunker.errors import BunkerError, ExitCode
from bunker.journal.database import is_shared, journal_url, state_folder

_NAMESPACE = 0x6275  # keeps our advisory locks apart from others in a shared database


class RunIsOwned(BunkerError):
    """Another process executes the run right now."""

    exit_code = ExitCode.LOCK_HELD


@contextmanager
def claim(root: Path, run: str) -> Iterator[None]:
    """Be the one process that executes a run; raises RunIsOwned where another one does.

    On one machine a locked file says so, in a shared database an advisory lock of the session:
    both go with the process that holds them, even after ``kill -9``.
    """
    problem = RunIsOwned(
        f"the run {run} is being executed by another process",
        remedy=f"Look at it with: invoke run.watch {run}",
    )
    if is_shared():
        with _connection(root) as cursor:
            cursor.execute("select pg_try_advisory_lock(%s, %s)", (_NAMESPACE, _number(run)))
            if not cursor.fetchone()[0]:
                raise problem
            yield
        return
    lock = _file_lock(root, run)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise problem from None
    try:
        yield
    finally:
        lock.release()


def is_owned(root: Path, run: str) -> bool:
    """Whether some process executes the run right now."""
    try:
        with claim(root, run):
            return False
    except RunIsOwned:
        return True


def _file_lock(root: Path, run: str) -> FileLock:
    folder = state_folder(root) / "executing"
    folder.mkdir(mode=0o700, exist_ok=True)
    return FileLock(folder / run)


def _number(run: str) -> int:
    return zlib.crc32(run.encode()) - 2**31


@contextmanager
def _connection(root: Path) -> Iterator[Any]:
    import psycopg  # noqa: PLC0415 - only where a database is shared

    try:
        connection = psycopg.connect(journal_url(root), autocommit=True)
    except psycopg.OperationalError as error:
        raise database_is_away(error) from None
    with connection, connection.cursor() as cursor:
        yield cursor


def database_is_away(error: Exception) -> BunkerError:
    """One sentence without the address, which may hold a password."""
    said = str(error).strip().splitlines() or [type(error).__name__]
    return BunkerError(
        f"the run database does not answer ({said[0]})",
        where="BUNKER_JOURNAL_URL",
        remedy="Look whether the server runs and the address is right",
    )
