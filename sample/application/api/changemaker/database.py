"""Connections to Postgres: a small pool that replaces what broke."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

CONNECT_SECONDS = 3
STATEMENT_MILLISECONDS = 5000
MOST = 8


class Database:
    """Lends connections, at most MOST at a time; each block is one transaction."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._room = threading.BoundedSemaphore(MOST)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Any]:
        """A connection; committed at the end, rolled back by an exception."""
        if not self._room.acquire(timeout=CONNECT_SECONDS):
            raise psycopg.OperationalError("no connection became free")
        try:
            connection = self._take()
            try:
                with connection.transaction():
                    yield connection
            except psycopg.OperationalError:
                connection.close()
                raise
            finally:
                if not connection.closed:
                    self._idle.put(connection)
        finally:
            self._room.release()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """All rows of one statement in a transaction of its own."""
        with self.transaction() as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def row(self, query: str, values: Sequence[object] = ()) -> dict[str, Any] | None:
        """The first row, or None."""
        return next(iter(self.rows(query, values)), None)

    def check(self) -> None:
        """Ask the server; raises psycopg.OperationalError where it does not answer."""
        self.row("SELECT 1 AS one")

    def close(self) -> None:
        """End all idle connections."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def _take(self) -> Any:
        with contextlib.suppress(queue.Empty):
            while True:
                connection = self._idle.get_nowait()
                try:
                    # It may have died while it waited, with the server that it belonged to.
                    connection.execute("SELECT 1")
                except psycopg.OperationalError:
                    connection.close()
                else:
                    return connection
        return psycopg.connect(
            self._address,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=CONNECT_SECONDS,
            application_name="changemaker-api",
            options=f"-c statement_timeout={STATEMENT_MILLISECONDS}",
        )
