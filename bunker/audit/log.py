"""The audit log of a fleet: one chained entry in a line, added to, never changed.

``<root>/.bunker/audit/<fleet>.jsonl`` (0600). :mod:`bunker.audit.chain` says what the chain shows.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bunker.audit import chain
from bunker.audit.chain import Entry, Head, Redact
from bunker.audit.files import AuditFiles
from bunker.audit.who import operator
from bunker.errors import BunkerError
from bunker.files import flush_folder

_BLOCK = 65_536


def append(
    root: Path,
    fleet: str,
    event: str,
    *,
    hosts: Iterable[str] = (),
    run: str | None = None,
    what: Any = None,
    plan: str | None = None,
    outcome: str | None = None,
    redact: Redact | None = None,
) -> Head:
    """Add an entry and return the new head, which runs leave on the hosts as a witness.

    ``event`` is a word such as ``run.started``; ``what`` a short text or plain data, shortened
    where it is long; ``plan`` a :func:`plan_hash`. The API takes no secrets; where texts come from
    elsewhere, give the run's Redactor as ``redact``. When it returns, the entry is on the disk.
    Raises BunkerError where it cannot be written, with the log as it was.
    """
    files = AuditFiles.of(root, fleet)
    try:
        key = files.key_for_writing()
        with files.opened(write=True) as log:
            writer = _Writer(files, key, log)
            writer.continue_chain()
            return writer.add(
                event,
                hosts=tuple(chain.clean(list(hosts), redact)),
                run=chain.clean(run, redact),
                what=chain.clean(what, redact),
                plan=plan,
                outcome=chain.clean(outcome, redact),
            )
    except OSError as error:
        raise BunkerError(
            f"the audit log cannot be written ({error.strerror})",
            where=str(files.log),
            remedy="Free some disk space, or check the folder's owner and mode",
        ) from None


def read(root: Path, fleet: str) -> Iterator[Entry]:
    """The entries, oldest first; lines that are none are left to :func:`verify`."""
    files = AuditFiles.of(root, fleet)
    try:
        with files.log.open("rb") as lines:
            for line in lines:
                try:
                    yield Entry.from_line(line)
                except ValueError:
                    continue
    except FileNotFoundError:
        return
    except OSError as error:
        problem = f"the audit log cannot be read ({error.strerror})"
        raise BunkerError(problem, where=str(files.log)) from None


def head(root: Path, fleet: str) -> Head | None:
    """The newest entry's head; None where nothing was recorded yet."""
    files = AuditFiles.of(root, fleet)
    try:
        with files.opened(write=False) as log:
            line, _rest = _tail(log)
    except FileNotFoundError:
        return files.known_head()
    except OSError as error:
        problem = f"the audit log cannot be read ({error.strerror})"
        raise BunkerError(problem, where=str(files.log)) from None
    key = files.key_for_reading()
    entry = Entry.genuine(line, key)
    known = files.known_head()
    if entry is None or (known is not None and known.seq > entry.seq):
        return known
    return entry.head(key)


class _Writer:
    """One locked log, and where its chain goes on."""

    def __init__(self, files: AuditFiles, key: bytes, log: int) -> None:
        self._files = files
        self._key = key
        self._log = log
        self._seq = 0
        self._previous = chain.FIRST

    def continue_chain(self) -> None:
        """Find the last link. What is damaged or missing stays visible in the chain for good."""
        line, rest = _tail(self._log)
        notes = []
        if rest:
            if Entry.genuine(rest, self._key):  # only the line break is missing
                self._write(b"\n")
                line = rest
            else:
                notes.append(self._set_aside(rest))
        last = Entry.genuine(line, self._key)
        known = self._files.known_head()
        if last is not None and (known is None or known.seq <= last.seq):
            self._seq, self._previous = last.seq, last.mac
            if known is None:
                notes.append(("audit.repaired", "the head file was missing"))
        elif known is not None:
            # Going on after the head leaves a gap, or a broken link, that no one can close again.
            self._seq, self._previous = known.seq, known.mac
            notes.append(("audit.damaged", f"the log did not end with entry {known.seq}"))
        elif line:
            self._seq = _count_lines(self._log)
            notes.append(("audit.damaged", "the last entry was not genuine, and no head was known"))
        elif os.fstat(self._log).st_size == 0:
            flush_folder(self._files.folder)
        for event, what in notes:
            self.add(event, what=what)

    def add(self, event: str, **content: Any) -> Head:
        """Write the next link."""
        entry = Entry(
            seq=self._seq + 1,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            who=chain.clean(operator()),
            event=event,
            fleet=self._files.fleet,
            previous=self._previous,
            **content,
        ).signed(self._key)
        self._write(entry.to_line())
        self._seq, self._previous = entry.seq, entry.mac
        found = entry.head(self._key)
        self._files.write_head(found)
        return found

    def _write(self, data: bytes) -> None:
        before = os.fstat(self._log).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._log, data[written:])
            os.fsync(self._log)
        except BaseException:
            os.ftruncate(self._log, before)  # a full disk must not leave half a line behind
            raise

    def _set_aside(self, rest: bytes) -> tuple[str, Any]:
        """Keep half a line of a crash in a file of its own and take it out of the log."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        with os.fdopen(os.open(self._files.torn, flags, 0o600), "wb") as torn:
            torn.write(rest + b"\n")
            torn.flush()
            os.fsync(torn.fileno())
        os.ftruncate(self._log, os.fstat(self._log).st_size - len(rest))
        return "audit.torn", {
            "bytes": len(rest),
            "sha256": hashlib.sha256(rest).hexdigest(),
            "kept_in": self._files.torn.name,
        }


def _tail(log: int) -> tuple[bytes, bytes]:
    """The last whole line, and what stands after it without a line break."""
    place = os.fstat(log).st_size
    data = b""
    while place > 0 and data.count(b"\n") < 2:
        step = min(_BLOCK, place)
        place -= step
        data = os.pread(log, step, place) + data
    whole, _mark, rest = data.rpartition(b"\n")
    return whole.rpartition(b"\n")[2], rest


def _count_lines(log: int) -> int:
    place = lines = 0
    while data := os.pread(log, _BLOCK, place):
        place += len(data)
        lines += data.count(b"\n")
    return lines
