"""Visitors of an instance while something happens to it: every answer that they got is kept."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PIECES = 20
PAUSE_SECONDS = 0.1


@dataclass
class Visits:
    """Answers by kind of request and status; failures in words (5xx, or no answer at all)."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    versions: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0

    def count(self, kind: str) -> int:
        """How many requests of a kind were answered."""
        return sum(number for (name, _), number in self.answers.items() if name == kind)


class Visitors:
    """One instance and everything that its visitors saw until they were sent home."""

    def __init__(self, address: str, domain: str) -> None:
        self.address = address
        self.headers = {"Host": domain, "Content-Type": "application/json"}
        self.visits = Visits()
        self.stop = threading.Event()
        self._lock = threading.Lock()

    def visit(self, kind: str, ask: Callable[[http.client.HTTPConnection], None]) -> None:
        """Ask again and again, each time over a new connection."""
        while not self.stop.is_set():
            began = time.monotonic()
            connection = http.client.HTTPConnection(self.address, 80, timeout=60)
            try:
                ask(connection)
                answer = connection.getresponse()
                status, body = answer.status, answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException) as error:
                status, body = 0, repr(error)
            finally:
                connection.close()
            self._note(kind, status, body, time.monotonic() - began)
            self.stop.wait(0.02)

    def _note(self, kind: str, status: int, body: str, took: float) -> None:
        with self._lock:
            self.visits.answers[kind, status] += 1
            self.visits.slowest_seconds = max(self.visits.slowest_seconds, took)
            if status == 0 or status >= 500:
                self.visits.failures.append(
                    f"{time.strftime('%T')} {kind} after {took:.2f} s: {status} {body[:200]}"
                )
            elif kind == "health":
                self.visits.versions.add(json.loads(body)["version"])

    def health(self, connection: http.client.HTTPConnection) -> None:
        """Who answers."""
        connection.request("GET", "/api/health", headers=self.headers)

    def read(self, connection: http.client.HTTPConnection) -> None:
        """Something out of the database."""
        connection.request("GET", "/api/campaigns", headers=self.headers)

    def post(self, connection: http.client.HTTPConnection) -> None:
        """Something into the database: what nginx would never try a second time."""
        body = json.dumps({"name": "Ada", "message": "count me in " * 50})
        connection.request("POST", "/api/campaigns/1/responses", body, self.headers)

    def post_slowly(self, connection: http.client.HTTPConnection) -> None:
        """A request of two seconds, so that some are on their way whenever something happens."""
        body = json.dumps({"name": "Slow", "message": "a line that takes its time " * 50}).encode()
        size = -(-len(body) // PIECES)

        def pieces() -> Iterator[bytes]:
            for start in range(0, len(body), size):
                yield body[start : start + size]
                time.sleep(PAUSE_SECONDS)

        headers = {**self.headers, "Content-Length": str(len(body))}
        connection.request("POST", "/api/campaigns/1/responses", pieces(), headers)


@contextmanager
def visitors(address: str, domain: str) -> Iterator[Visits]:
    """Read, post and send slowly, all at once and without a pause, until the block ends."""
    those = Visitors(address, domain)
    work = {
        "health": those.health,
        "read": those.read,
        "post": those.post,
        "post slowly": those.post_slowly,
    }
    threads = [threading.Thread(target=those.visit, args=item) for item in work.items()]
    for thread in threads:
        thread.start()
    try:
        yield those.visits
    finally:
        those.stop.set()
        for thread in threads:
            thread.join()
