"""Messages that could not be delivered, kept for the next run: `.bunker/notify/undelivered.jsonl`.

One JSON object a line. The file is the operator's own (0600): messages name hosts and failures.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError
from bunker.files import MEBIBYTE, parse_json, read_bytes, replace
from bunker.notify.message import Message

KEPT_SECONDS = 7 * 86_400
MOST_KEPT = 200
CLAIM_SECONDS = 120.0
"""How long a message that somebody tries to deliver is left alone by others."""
_LOCK_SECONDS = 5.0
_MOST_BYTES = 16 * MEBIBYTE


@dataclass(frozen=True)
class Undelivered:
    """One message that waits for another attempt; times are seconds since the epoch."""

    id: str
    fleet: str
    target: str
    event: str
    run: str
    message: Message
    since: float
    reason: str
    claimed: float = 0.0


class UndeliveredFile:
    """The file of one checkout. Nothing here raises: what cannot be kept is told by the answer."""

    def __init__(self, root: Path) -> None:
        self.path = root / ".bunker" / "notify" / "undelivered.jsonl"

    def keep(
        self, *, fleet: str, target: str, event: str, run: str, message: Message, reason: str
    ) -> str:
        """Append a message; its id, or an empty text where it could not be written."""
        now = time.time()
        entry = Undelivered(uuid.uuid4().hex, fleet, target, event, run, message, now, reason)
        try:
            with self._locked():
                fresh = [item for item in self._read() if item.since > now - KEPT_SECONDS]
                self._write([*fresh, entry][-MOST_KEPT:])
        except OSError:
            return ""
        return entry.id

    def claim(self, fleet: str) -> list[Undelivered]:
        """The messages of a fleet that nobody else is delivering, the oldest first.

        They stay in the file until they are removed, so that a crash loses none.
        """
        now = time.time()
        claimed: list[Undelivered] = []
        if not self.path.exists():
            return claimed
        try:
            with self._locked():
                entries = []
                for entry in self._read():
                    if entry.since <= now - KEPT_SECONDS:
                        continue
                    free = not 0 <= now - entry.claimed < CLAIM_SECONDS
                    if entry.fleet == fleet and free:
                        entry = Undelivered(**{**vars(entry), "claimed": now})  # noqa: PLW2901
                        claimed.append(entry)
                    entries.append(entry)
                self._write(entries)
        except OSError:
            return []
        return claimed

    def remove(self, ids: Iterable[str]) -> None:
        """Forget messages, because they arrived or have no target any more."""
        gone = set(ids) - {""}
        if not gone:
            return
        with suppress(OSError), self._locked():
            self._write([entry for entry in self._read() if entry.id not in gone])

    def read(self) -> list[Undelivered]:
        """Everything that waits."""
        try:
            return self._read()
        except OSError:
            return []

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout  # noqa: PLC0415 - keeps `invoke --list` fast

        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self.path.with_suffix(".lock"), timeout=_LOCK_SECONDS)
        try:
            lock.acquire(poll_interval=0.02)
        except Timeout:
            raise OSError("the file of undelivered messages is in use") from None
        try:
            yield
        finally:
            lock.release()

    def _read(self) -> list[Undelivered]:
        try:
            text = read_bytes(self.path, most=_MOST_BYTES).decode(errors="replace")
        except FileNotFoundError:
            return []
        except BunkerError as error:
            raise OSError(error.problem) from None
        entries = []
        for number, line in enumerate(text.split("\n"), 1):
            # One may be cut off by a full disk, or by hand.
            with suppress(BunkerError, TypeError, KeyError):
                entries.append(_entry(parse_json(line, f"{self.path}:{number}")))
        return entries

    def _write(self, entries: Iterable[Undelivered]) -> None:
        text = "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries)
        replace(self.path, text.encode())


def _entry(data: dict[str, Any]) -> Undelivered:
    """TypeError or KeyError where the data are none."""
    entry = Undelivered(**{**data, "message": Message(**data["message"])})
    texts = (entry.id, entry.fleet, entry.target, entry.event, entry.run, entry.reason)
    message = (entry.message.title, entry.message.text, entry.message.markdown)
    numbers = (entry.since, entry.claimed, entry.message.priority)
    if not all(isinstance(text, str) for text in (*texts, *message)) or not all(
        isinstance(number, int | float) for number in numbers
    ):
        raise TypeError
    return entry
