"""Is the chain of the audit log intact? Every line is checked; problems, oldest first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bunker.audit import chain
from bunker.audit.chain import Entry, Head
from bunker.audit.files import AuditFiles
from bunker.errors import BunkerError

Kind = Literal["edited", "deleted", "swapped", "forked", "truncated"]


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place. ``seq`` is the entry that should stand there."""

    kind: Kind
    seq: int
    text: str


@dataclass(frozen=True)
class Verification:
    """``entries`` counts genuine ones. ``torn``: the last line is the half that a crash left."""

    fleet: str
    entries: int
    problems: tuple[Problem, ...]
    head: Head | None
    torn: bool = False
    macs: Mapping[int, str] = field(default_factory=dict, repr=False)
    """MAC by seq of the genuine entries, to compare with heads that others know."""
    chain: str | None = None
    """Which chain this is; None where this machine has no key yet."""

    @property
    def ok(self) -> bool:
        """Whether the chain is whole."""
        return not self.problems

    @property
    def problem(self) -> Problem | None:
        return self.problems[0] if self.problems else None


def verify(root: Path, fleet: str) -> Verification:
    """Check the whole chain of a fleet against its key and against the head file beside it.

    A log that does not exist and never did is whole. Raises BunkerError where the log or its key
    cannot be read.
    """
    files = AuditFiles.of(root, fleet)
    try:
        with files.opened(write=False) as log, open(log, "rb", closefd=False) as stream:
            data = stream.read()
            known = files.known_head()
    except FileNotFoundError:
        data, known = b"", files.known_head()
    except OSError as error:
        problem = f"the audit log cannot be read ({error.strerror})"
        raise BunkerError(problem, where=str(files.log)) from None
    if not data and known is None and not files.head.exists():
        key = chain.load_key(files.key)
        return Verification(fleet, 0, (), None, chain=chain.chain_id(key) if key else None)
    return _Check(fleet, files.key_for_reading()).run(data, known)


class _Check:
    def __init__(self, fleet: str, key: bytes) -> None:
        self._fleet = fleet
        self._key = key
        self._problems: list[Problem] = []
        self._next = 1
        # None: the line before was no genuine entry, so nothing can be said of the link to it.
        self._previous: str | None = chain.FIRST

    def run(self, data: bytes, known: Head | None) -> Verification:
        *lines, rest = data.split(b"\n")
        found = [Entry.genuine(line, self._key) for line in lines]
        last = Entry.genuine(rest, self._key) if rest else None
        if last is not None:  # only its line break is missing
            found.append(last)
        seqs = {entry.seq for entry in found if entry is not None}
        for entry in found:
            self._line(entry, seqs)
        genuine = [entry for entry in found if entry is not None]
        self._end(genuine, known)
        return Verification(
            self._fleet,
            len(genuine),
            tuple(self._problems),
            genuine[-1].head(self._key) if genuine else None,
            torn=bool(rest) and last is None,
            macs={entry.seq: entry.mac for entry in genuine},
            chain=chain.chain_id(self._key),
        )

    def _line(self, entry: Entry | None, seqs: set[int]) -> None:
        expected = self._next
        if entry is None:
            self._add("edited", expected, "is not what was written")
            self._next, self._previous = expected + 1, None
            return
        if entry.fleet != self._fleet:
            self._add("edited", expected, f"belongs to the log of the fleet {entry.fleet}")
        elif entry.seq != expected:
            moved = entry.seq < expected or expected in seqs
            if moved:
                self._add("swapped", expected, f"entry {entry.seq} stands in its place")
            else:
                self._add("deleted", expected, f"is missing; entry {entry.seq} follows")
        elif self._previous is not None and entry.previous != self._previous:
            self._add("forked", expected, "does not continue the entry before it")
        self._next, self._previous = entry.seq + 1, entry.mac

    def _end(self, genuine: list[Entry], known: Head | None) -> None:
        if known is None:
            # A chain that once was there had a head: taking both away must not look like peace.
            text = "the head file beside the log is missing or damaged: newer entries may be gone"
            self._problems.append(Problem("truncated", self._next, text))
            return
        macs = {entry.seq: entry.mac for entry in genuine}
        if known.chain != chain.chain_id(self._key):
            self._add("edited", known.seq, "is the head of a chain with another key")
        elif known.seq >= self._next:
            missing = f"is missing, and all up to {known.seq}, which was the newest one"
            self._add("truncated", self._next, missing)
        elif known.seq in macs and macs[known.seq] != known.mac:
            self._add("edited", known.seq, "is not the one that the head file knows")

    def _add(self, kind: Kind, seq: int, text: str) -> None:
        self._problems.append(Problem(kind, seq, f"entry {seq} {text}"))
