"""Where a fleet's audit log lies, and the one lock that its readers and writers take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bunker.audit.chain import Head, create_key, load_key
from bunker.errors import BunkerError, ExitCode
from bunker.files import make_unversioned, read_text, replace
from bunker.locks import locked

LOCK_SECONDS = 10.0


class AuditLogLockedError(BunkerError):
    """Another process keeps the log's lock for longer than we wait."""

    exit_code = ExitCode.LOCK_HELD


@dataclass(frozen=True)
class AuditFiles:
    """The files of one fleet's log, all in ``<root>/.bunker/audit`` (0700)."""

    folder: Path
    fleet: str

    @classmethod
    def of(cls, root: Path, fleet: str) -> AuditFiles:
        """The files of a fleet; its name must be one that can name a file."""
        if not fleet or fleet.startswith(".") or "/" in fleet or not fleet.isprintable():
            raise BunkerError(f"{fleet!r} is not a fleet's name")
        return cls(root / ".bunker" / "audit", fleet)

    @property
    def log(self) -> Path:
        """The entries, one in a line."""
        return self.folder / f"{self.fleet}.jsonl"

    @property
    def head(self) -> Path:
        """What the newest entry was, kept apart so that a log cut short is noticed."""
        return self.folder / f"{self.fleet}.head"

    @property
    def torn(self) -> Path:
        """Halves of lines that crashes left behind."""
        return self.folder / f"{self.fleet}.torn"

    @property
    def key(self) -> Path:
        """The chain's key, one for all fleets of this root."""
        return self.folder / "chain.key"

    def key_for_writing(self) -> bytes:
        """The key, made on first use; a missing key is not replaced where logs exist."""
        if (key := load_key(self.key)) is not None:
            return key
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        make_unversioned(self.folder, mode=0o700)
        if any(self.folder.glob("*.jsonl")) or any(self.folder.glob("*.head")):
            # A process that writes for the first time at this moment makes the key before the log.
            if (key := load_key(self.key)) is not None:
                return key
            raise self.key_is_missing()
        return create_key(self.key)

    def key_for_reading(self) -> bytes:
        """The key; an error where there is none."""
        if (key := load_key(self.key)) is None:
            raise self.key_is_missing()
        return key

    def key_is_missing(self) -> BunkerError:
        """Said instead of starting a new chain, which would make the old log worthless."""
        return BunkerError(
            "the audit log's key is missing, so its entries can be neither added to nor verified",
            where=str(self.key),
            remedy="Restore it from its backup; only if it is lost, move the whole folder aside",
        )

    def known_head(self) -> Head | None:
        """What the head file says; None where it is missing or unreadable."""
        try:
            return Head.from_text(read_text(self.head))
        except (OSError, ValueError, BunkerError):
            return None

    def write_head(self, head: Head) -> None:
        """Replace the head file. Not flushed: after a crash an older head is no false alarm."""
        replace(self.head, f"{head.to_text()}\n".encode(), flush=False)

    @contextmanager
    def opened(self, *, write: bool) -> Iterator[int]:
        """The log's descriptor, locked; a reader gets FileNotFoundError where there is no log."""
        refusal = AuditLogLockedError(
            f"another command has kept the audit log for {LOCK_SECONDS:.0f} seconds",
            where=str(self.log),
            remedy="Look for a stopped command of this fleet, and run this again",
        )
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND if write else os.O_RDONLY
        descriptor = os.open(self.log, flags | os.O_CLOEXEC, 0o600)
        try:
            with locked(self.log.with_suffix(".lock"), LOCK_SECONDS, refusal):
                yield descriptor
        finally:
            os.close(descriptor)
