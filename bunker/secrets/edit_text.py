"""A host's secrets as the text that an operator edits, and back: nothing is stored by a guess.

What YAML would quietly turn into something else (a comment cut off, an anchor taken away, lines
joined) is refused, since a password that is nearly right is a wrong one. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.secrets import catalog

LARGEST: Final = 200_000
"""Bytes; a vault of all keys has less than a tenth of that."""

_HEADER = """\
# Secrets of {host}: one KEY: value in a line. Save and leave to store, empty the file to give up.
# Not set: {absent}
"""
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_EXPECTED = "KEY: value, each key once"
_QUOTE = "Write the value in quotes: KEY: 'value', with '' for a single quote in it"


def as_text(host: str, values: Mapping[str, Secret], known: frozenset[str]) -> str:
    """The text to edit; :func:`parse` gives the same values back."""
    absent = ", ".join(sorted(known - values.keys())) or "none"
    rows = (f"{name}: {_scalar(value.reveal())}\n" for name, value in values.items())
    return _HEADER.format(host=host, absent=absent) + "".join(rows)


def parse(raw: bytes, where: str) -> dict[str, Secret] | None:
    """What the operator wrote, by key; None for an emptied text.

    Raises BunkerError with the line, never with anything of the text.
    """
    text = _decoded(raw, where)
    if unseen := _UNSEEN.search(text):
        line = text.count("\n", 0, unseen.start()) + 1
        problem = f"line {line} has a control character (U+{ord(unseen[0]):04X})"
        raise _unfit(problem, where, expected="printable text")
    values: dict[str, Secret] = {}
    try:
        for key, value, line in _entries(text, where):
            if key in values:
                raise _unfit(f"line {line} has {_named(key)} a second time", where)
            values[key] = catalog.normalise(key, Secret(value))
    except _Empty:
        return None
    return values


class _Empty(Exception):
    """Nothing but comments."""


def _decoded(raw: bytes, where: str) -> str:
    if len(raw) > LARGEST:
        raise _unfit(f"the text is longer than {LARGEST // 1000} kB", where)
    raw = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        place = error.start
    # Outside of the handler: the exception held back there carries the text.
    line = raw.count(b"\n", 0, place) + 1
    remedy = "Save it as UTF-8"
    raise _unfit(f"line {line} is not UTF-8 text", where, expected="UTF-8", remedy=remedy)


def _entries(text: str, where: str) -> Iterator[tuple[str, str, int]]:
    """Key, value and line of every entry. Raises _Empty where there is no document."""
    events = _events(text, where)
    lines = text.split("\n")
    event = next(events)
    while type(event).__name__ in ("StreamStartEvent", "DocumentStartEvent"):
        event = next(events)
    kind = type(event).__name__
    if kind == "StreamEndEvent" or (kind == "ScalarEvent" and event.value == ""):
        raise _Empty
    if kind != "MappingStartEvent":
        raise _wrong_kind(event, where)
    for key in events:
        if type(key).__name__ == "MappingEndEvent":
            break
        name, line = _text_of(key, lines, where), key.start_mark.line + 1
        yield name, _text_of(next(events), lines, where), line
    for event in events:
        if type(event).__name__ == "DocumentStartEvent":
            problem = f"line {event.start_mark.line + 1} begins a second document"
            raise _unfit(problem, where, remedy="Remove the line `---`")


def _events(text: str, where: str) -> Iterator[Any]:
    line = None
    try:
        # Events alone: nothing is built from them, so no nesting and no alias can be too much.
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
        return
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
    except (yaml.YAMLError, ValueError, OverflowError):
        pass
    # Outside of the handlers: the error quotes the line, with the secret in it.
    place = f" near line {line}" if line else ""
    raise _unfit(f"the text cannot be read{place}", where)


def _text_of(event: Any, lines: list[str], where: str) -> str:
    """The value of one scalar, once it is known to be just what stands there."""
    if type(event).__name__ != "ScalarEvent":
        raise _wrong_kind(event, where)
    first, last = event.start_mark, event.end_mark
    number = first.line + 1
    if event.anchor is not None or event.tag is not None:
        problem = f"line {number} has a value that begins with & or !, which YAML takes for itself"
        raise _unfit(problem, where, remedy=_QUOTE)
    if event.style == ">" or (event.style != "|" and first.line != last.line):
        remedy = "Write it in one line; a private key begins with | and its lines are indented"
        raise _unfit(f"the value in line {number} goes over several lines", where, remedy=remedy)
    plain = event.style in (None, "")
    if plain and last.line < len(lines) and lines[last.line][last.column :].lstrip()[:1] == "#":
        problem = f"line {number} has a # behind the value, and what follows it would be lost"
        raise _unfit(problem, where, remedy=_QUOTE)
    return str(event.value)


def _wrong_kind(event: Any, where: str) -> BunkerError:
    line = event.start_mark.line + 1
    if type(event).__name__ == "AliasEvent":
        problem = f"line {line} has a value that begins with *, which YAML takes for itself"
        return _unfit(problem, where, remedy=_QUOTE)
    if type(event).__name__ == "ScalarEvent":
        return _unfit(f"line {line} is no KEY: value", where)
    problem = f"the text is too deeply nested: line {line} begins a list or a section"
    return _unfit(problem, where, expected="one text for each key")


def _unfit(
    problem: str, where: str, *, expected: str = _EXPECTED, remedy: str | None = None
) -> BunkerError:
    text = f"{problem}; nothing was written"
    return BunkerError(text, where=where, expected=expected, remedy=remedy)


def _named(key: str) -> str:
    """A key that is fit to be shown; anything else may be half of a value."""
    return key if catalog.is_name(key) else "a key"


def _scalar(text: str) -> str:
    lines = text.split("\n")
    simple = all(line.isprintable() for line in lines) and not text.startswith((" ", "\n"))
    if simple and len(lines) > 2 and lines[-1] == "" and lines[-2] != "":
        return "|\n" + "\n".join(f"  {line}" for line in lines[:-1])
    written: str = yaml.dump(
        text,
        Dumper=yaml.CSafeDumper,
        default_style='"',
        allow_unicode=text.isprintable(),
        width=LARGEST,
    )
    return written.rstrip("\n")
