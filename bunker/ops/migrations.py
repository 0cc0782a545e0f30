"""Migrations as hosts tell of them: names, and their SQL as git prints it, packed."""

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from bunker.answers import UnreadableAnswer, decoded
from bunker.application.migrations import MigrationSafety, classify_with_history

_MOST_BYTES: Final = 32 << 20
"""More than any host's script sends; a few packed bytes can hold more than fits into memory."""
_BLOB: Final = re.compile(rb"([0-9a-f]{40,64}) blob ([0-9]{1,9})\n")
_ROW: Final = re.compile(r"([0-9a-f]{40,64}) (.+)")
_MAY_BE: Final = re.compile("(new|old) (.+)")


def read_sql(found: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """SQL by name, from the sections ``sql`` and ``contents``. Raises UnreadableAnswer.

    What the host has nowhere, or left out because it is too long, is not in it.
    """
    contents = _blobs(_unpacked("".join(found.get("contents", ()))))
    sql: dict[str, str] = {}
    for line in found.get("sql", ()):
        row = _ROW.fullmatch(line)
        if row is None:
            raise _nonsense(f"a line of their list is {line[:60]!r}")
        if row[1] not in contents:
            raise _nonsense(f"what {row[2][:60]!r} does is missing")
        text = contents[row[1]].decode(errors="replace")
        if sql.setdefault(row[2], text) != text:
            raise _nonsense(f"{row[2][:60]!r} is there twice")
    return sql


def classify_pending(found: Mapping[str, Sequence[str]]) -> list[MigrationSafety]:
    """Classify what the wanted commit brings, from the host's answer. Raises UnreadableAnswer."""
    names: dict[str, list[str]] = {"new": [], "old": []}
    if "migrations" not in found:
        raise _nonsense("their list is missing")
    for line in found["migrations"]:
        row = _MAY_BE.fullmatch(line)
        if row is None:
            raise _nonsense(f"a line of their list is {line[:60]!r}")
        names[row[1]].append(row[2])
    return classify_with_history(names["new"], names["old"], read_sql(found))


def _unpacked(encoded: str) -> bytes:
    if not encoded:
        return b""
    unpack = zlib.decompressobj(wbits=31)  # gzip
    try:
        content = unpack.decompress(decoded(encoded, "their content"), _MOST_BYTES)
    except (UnreadableAnswer, zlib.error):
        raise _nonsense("their content cannot be unpacked") from None
    if unpack.unconsumed_tail:
        raise _nonsense(f"their content is longer than {_MOST_BYTES >> 20} MB")
    if not unpack.eof or unpack.unused_data:
        raise _nonsense("their content was cut short")
    return content


def _blobs(content: bytes) -> dict[str, bytes]:
    found = {}
    at = 0
    while at < len(content):
        head = _BLOB.match(content, at)
        end = head.end() + int(head[2]) if head else 0
        if head is None or content[end : end + 1] != b"\n":
            raise _nonsense("their content is not what git prints")
        found[head[1].decode()] = content[head.end() : end]
        at = end + 1
    return found


def _nonsense(what: str) -> UnreadableAnswer:
    return UnreadableAnswer(f"what the host says of its migrations makes no sense: {what}")
