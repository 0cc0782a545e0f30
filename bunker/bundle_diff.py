"""The difference between a file on a host and the one a bundle wants, safe to show and to log.

Pure. A secret file's content is never shown; a dotenv file is compared key by key, and only the
keys that its bundle declares public show their values.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from bunker.application.dotenv import parse_dotenv
from bunker.bundle import BundleFile
from bunker.errors import BunkerError
from bunker.masking import MASK
from bunker.printable import printable

MAXIMUM_LINES = 60
CONTEXT_LINES = 2


@dataclass(frozen=True)
class FileMeta:
    """Who may read a file: its permission bits, owner, and group ("" for the owner's own)."""

    mode: int
    owner: str
    group: str = ""

    @classmethod
    def of(cls, file: BundleFile) -> FileMeta:
        """What the bundle wants."""
        return cls(file.mode, file.owner)

    @property
    def owners(self) -> str:
        """Owner, and group where it is another one than the owner's own."""
        return f"{self.owner}:{self.group}" if self.group else self.owner


def diff_file(
    old: bytes | None,
    new: BundleFile | None,
    old_meta: FileMeta | None = None,
    *,
    maximum_lines: int = MAXIMUM_LINES,
) -> list[str]:
    """Lines that say how the file would change; none when nothing changes.

    ``old`` is the host's content (None: no such file), ``new`` the wanted file (None: it will be
    removed). ``old_meta`` None means that owner and mode are not known and not compared. Lines
    that are left out are counted in the last one.
    """
    if new is None:
        return [] if old is None else [f"file removed ({_amount(old)})"]
    lines = _content(old, new)
    if len(lines) > maximum_lines:
        left_out = len(lines) - maximum_lines
        lines = [*lines[:maximum_lines], f"… {left_out} more lines"]
    if old is None:
        kind = f"new file ({_amount(new.content)}, mode {new.mode:o}, {new.owner})"
        return [kind, *lines]
    return _meta(old_meta, new) + lines


def _meta(old: FileMeta | None, new: BundleFile) -> list[str]:
    if old is None:
        return []
    lines = []
    if old.mode != new.mode:
        lines.append(f"mode {old.mode:o} → {new.mode:o}")
    if old.owners != new.owner:
        lines.append(f"owner {printable(old.owners)} → {new.owner}")
    return lines


def _content(old: bytes | None, new: BundleFile) -> list[str]:
    if (old or b"") == new.content:
        return []
    if new.kind == "dotenv":
        return _dotenv(old, new)
    if new.secret:
        return (
            ["content not shown: the file is secret"]
            if old is None
            else [f"content changed, not shown: the file is secret ({_change_of_size(old, new)})"]
        )
    before, after = _text(old or b""), _text(new.content)
    if before is None or after is None:
        return [] if old is None else [f"binary content changed ({_change_of_size(old, new)})"]
    return _unified(before, after)


def _unified(before: str, after: str) -> list[str]:
    lines = list(
        difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=CONTEXT_LINES)
    )[2:]
    if not lines:
        return ["only line endings changed"]
    return [printable(line) for line in lines]


def _dotenv(old: bytes | None, new: BundleFile) -> list[str]:
    after = parse_dotenv(new.content, where=new.path)
    before = _parse_or_none(old)
    if before is None:
        return ["the file on the host cannot be read key by key; all of it will be replaced"] + [
            f"+ {key}={_shown(key, value, new.public_keys)}" for key, value in after.items()
        ]
    lines = [line for key, value in after.items() if (line := _key_line(key, before, value, new))]
    lines += [f"- {printable(key)}" for key in before if key not in after]
    return lines or ["only comments, order or quoting changed"]


def _key_line(key: str, before: dict[str, str], value: str, new: BundleFile) -> str:
    shown = _shown(key, value, new.public_keys)
    if key not in before:
        return f"+ {key}={shown}"
    if before[key] == value:
        return ""
    was = _shown(key, before[key], new.public_keys)
    suffix = "" if key in new.public_keys else " (changed)"
    return f"{key}: {was} → {shown}{suffix}"


def _shown(key: str, value: str, public_keys: frozenset[str]) -> str:
    if not value:
        return "(empty)"
    return printable(value) if key in public_keys else MASK


def _parse_or_none(content: bytes | None) -> dict[str, str] | None:
    """The old file's keys, {} for no file, None for one that a hand or a crash made unreadable."""
    if content is None:
        return {}
    try:
        return parse_dotenv(content)
    except BunkerError:
        return None


def _text(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _amount(content: bytes) -> str:
    text = _text(content)
    if text is None:
        return f"binary, {len(content)} bytes"
    lines = len(text.splitlines())
    return f"{lines} line{'' if lines == 1 else 's'}"


def _change_of_size(old: bytes, new: BundleFile) -> str:
    return f"{len(old)} → {len(new.content)} bytes"
