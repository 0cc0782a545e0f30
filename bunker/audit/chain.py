"""The links of the audit log: entries, their MACs, the chain's key, and the head of a chain.

What the chain shows, and what not:

* Every entry carries an HMAC over its own content and over the MAC of the entry before it. Whoever
  edits, deletes, inserts or swaps entries without the chain's key is found by ``audit.verify``.
* Cutting off the newest entries leaves a shorter chain that is whole. The head file beside the log
  finds that; whoever puts an older head file there as well is found by the heads that runs leave
  on the hosts.
* Whoever has the key (the operator's own account, or root, on this machine) can write a new chain.
  Only the heads on the hosts speak against it. ``who`` is what this machine's login says.

The key is random, not derived from an operator's key, so that everybody who gets a copy of it can
verify the log, and so that the log outlives an operator's leaving.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError
from bunker.files import create, read_text
from bunker.json_form import JsonForm
from bunker.masking import MASK, Secret

FIRST = "0" * 64
"""``previous`` of a chain's first entry."""
KEY_BYTES = 32
_LONGEST_TEXT = 2_000
_LONGEST_WHAT = 16_000
_DEEPEST = 6

Redact = Callable[[str], str]


@dataclass(frozen=True)
class Head(JsonForm):
    """The newest entry of a fleet's log, in few words: what a host keeps as a witness.

    ``chain`` tells chains of different keys apart (each control machine has its own) and gives
    nothing of the key away.
    """

    fleet: str
    seq: int
    mac: str
    time: str
    chain: str

    def to_text(self) -> str:
        """One line of JSON, without a line break."""
        return dumps(vars(self))


@dataclass(frozen=True, kw_only=True)
class Entry(JsonForm):
    """One thing that was done. ``time`` is UTC; ``plan`` the hash of the plan it carried out."""

    seq: int
    time: str
    who: str
    event: str
    fleet: str
    hosts: tuple[str, ...] = ()
    run: str | None = None
    what: Any = None
    plan: str | None = None
    outcome: str | None = None
    previous: str
    mac: str = ""

    def signed(self, key: bytes) -> Entry:
        return replace(self, mac=self.expected_mac(key))

    def expected_mac(self, key: bytes) -> str:
        """The MAC that this content must have."""
        content = self.to_json()
        del content["mac"]
        return hmac.new(key, dumps(content).encode(), hashlib.sha256).hexdigest()

    def is_genuine(self, key: bytes) -> bool:
        """Whether the MAC fits the content."""
        return hmac.compare_digest(self.mac.encode(), self.expected_mac(key).encode())

    def to_line(self) -> bytes:
        """The entry as a line of the log, with its line break."""
        return dumps(self.to_json()).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Entry:
        """The entry of a line; raises ValueError for a line that :meth:`to_line` cannot give.

        A line must be written in exactly one way: otherwise blanks, or a key given twice, could
        change what other readers see without changing the MAC.
        """
        entry = cls.from_text(line)
        if entry.to_line() != line.rstrip(b"\n") + b"\n":
            raise ValueError("not written as the log writes")
        return entry

    @classmethod
    def genuine(cls, line: bytes, key: bytes) -> Entry | None:
        """The entry of a line that was written with this key; None for any other line."""
        try:
            entry = cls.from_line(line)
            return entry if entry.is_genuine(key) else None
        except ValueError:
            return None

    def head(self, key: bytes) -> Head:
        return Head(self.fleet, self.seq, self.mac, self.time, chain_id(key))


def dumps(value: Any) -> str:
    """The one way in which a value is written."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )


def chain_id(key: bytes) -> str:
    """A name for the chain of this key: 16 hexadecimal digits."""
    return hmac.new(key, b"bunker-ops audit chain id", hashlib.sha256).hexdigest()[:16]


def clean(value: Any, redact: Redact | None = None) -> Any:
    """Any value as short plain data that is always written and read in the same way."""
    result = _clean(value, redact, _DEEPEST)
    if len(dumps(result)) > _LONGEST_WHAT:
        return dumps(result)[:_LONGEST_TEXT] + "…"
    return result


def _clean(value: Any, redact: Redact | None, deep: int) -> Any:
    if isinstance(value, Secret):
        return MASK
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if deep and isinstance(value, Mapping):
        return {_text(name, redact): _clean(item, redact, deep - 1) for name, item in value.items()}
    if deep and isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_clean(item, redact, deep - 1) for item in items]
    return _text(value, redact)


def _text(value: Any, redact: Redact | None) -> str:
    text = str(value).encode(errors="replace").decode()
    if redact is not None:
        text = redact(text)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def load_key(path: Path) -> bytes | None:
    """The chain's key, or None where there is none yet."""
    try:
        text = read_text(path).strip()
    except FileNotFoundError:
        return None
    except BunkerError as error:
        problem = f"the audit log's key cannot be read: {error.problem}"
        remedy = "Check its owner and mode (0600), or restore it from its backup"
        raise BunkerError(problem, where=error.where, remedy=remedy) from None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BunkerError(
            "the audit log's key is damaged",
            where=str(path),
            expected=f"{2 * KEY_BYTES} hexadecimal digits",
            remedy="Restore it from its backup",
        )
    return key


def create_key(path: Path) -> bytes:
    """Make the chain's key (0600), or take the one that another process made meanwhile."""
    with suppress(FileExistsError):
        create(path, f"{secrets.token_hex(KEY_BYTES)}\n".encode())
    key = load_key(path)
    if key is None:
        raise BunkerError("the audit log's key vanished", where=str(path), remedy="Try again")
    return key
