"""Reading a host file: plain data, the line of every key, and every fault in one pass.

It is read from libyaml's events, by what YAML 1.2 takes for a number. PyYAML's own rules are those
of YAML 1.1, where `on`, `no` and `1:30` are no texts. Its composers are not used either: where the
nesting is deep, that of libyaml overflows the stack.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import yaml
from yaml import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MarkedYAMLError,
    Node,
    ScalarEvent,
    YAMLError,
)
from yaml.events import DocumentStartEvent, MappingEndEvent, MappingStartEvent, SequenceEndEvent
from yaml.reader import ReaderError

from bunker.errors import BunkerError
from bunker.files import is_whole

DEEPEST = 20
"""No file of a fleet nests deeper."""
MOST_BRACKETS = 50
Path = tuple[str | int, ...]

TAG: Final = "tag:yaml.org,2002:"
LONGEST_NUMBER: Final = 64
"""Digits; Python itself refuses more than 4300, and no value here needs more than ten."""
_UNSEEN: Final = dict.fromkeys((0x85, 0x2028, 0x2029, 0xFEFF), 0x200B)
"""Ends of lines and marks that no editor shows, and only YAML 1.1 obeys: they stay text, unseen."""

_PLAIN = re.compile(
    r"""(?P<null>|~|null|Null|NULL)
    |(?P<bool>true|True|TRUE|false|False|FALSE)
    |(?P<int>[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|\d[\d_]*))
    |(?P<float>[-+]?(?:\d[\d_]*(?:\.[\d_]*(?:[eE][-+]?\d+)?|[eE][-+]?\d+)|\.[\d_]+(?:[eE][-+]\d+)?
        |\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN))
    |(?P<merge><<)""",
    re.VERBOSE | re.ASCII,
)


@dataclass
class Document:
    """The content of one file: ``lines`` gives the line (from 1) of each key's path."""

    where: str
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[BunkerError] = field(default_factory=list)

    def place(self, path: Path) -> str:
        """``file:line`` of a key, or of the nearest one around it that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.where}:{self.lines[path]}" if path else self.where


def is_environment(path: Path) -> bool:
    """Whether a path is that of an application's environment."""
    return path == ("environment",) or (
        len(path) == 3 and (path[0], path[2]) == ("applications", "environment")
    )


def is_plain_text(text: str) -> bool:
    """Whether a plain scalar is this text, and no number or other value."""
    return not _PLAIN.fullmatch(text)


def read_document(text: str, where: str) -> Document:
    """The mapping that a YAML text holds. Faults are listed in ``problems``, never raised.

    A key without a value counts as not written, except below ``environment``, where it is a
    fault. Values below ``environment`` stay as they are written (``1.10`` is not a number there).
    """
    document = Document(where)
    if line := _open_brackets(text):
        document.problems.append(_too_deep(f"{where}:{line}"))
        return document
    try:
        events = _parse_document(text, where)
    except BunkerError as error:
        document.problems.append(error)
        return document
    if line := _deep_line(events):
        document.problems.append(_too_deep(f"{where}:{line}"))
    else:
        _Reader(document, events).whole()
    return document


def nodes_of(text: str) -> Node:
    """The nodes of a text that :func:`read_document` takes, with where each begins and ends."""
    root = yaml.compose(text.translate(_UNSEEN), Loader=yaml.CSafeLoader)
    assert root  # noqa: S101 - it is a mapping
    return root


def _too_deep(place: str) -> BunkerError:
    return BunkerError("this is nested too deeply", where=place)


def _open_brackets(text: str) -> int:
    """The line on which so many brackets are open as no file has; 0 where there is none.

    Only counted, whatever quotes say: the parser needs seconds for thousands of them.
    """
    opened = 0
    for found in re.finditer(r"[\[\]{}]", text):
        opened = opened + 1 if found[0] in "[{" else max(0, opened - 1)
        if opened > MOST_BRACKETS:
            return text.count("\n", 0, found.start()) + 1
    return 0


def _deep_line(events: list[Event]) -> int:
    """The line on which the nesting becomes too deep; 0 where it does not."""
    depth = 0
    for event in events:
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST + 1:
            return _line_of(event)
    return 0


def _name(*path: str | int) -> str:
    return ".".join(map(str, path))


class _Reader:
    """Turns events into plain data and notes lines and faults."""

    def __init__(self, document: Document, events: list[Event]) -> None:
        self.document = document
        self.events = iter(events)
        self.anchored: dict[str, Event] = {}

    def fault(self, event: Event, problem: str, **more: str) -> None:
        place = f"{self.document.where}:{_line_of(event)}"
        self.document.problems.append(BunkerError(problem, where=place, **more))

    def whole(self) -> None:
        root = next(self.events, None)
        if isinstance(root, MappingStartEvent):
            self.document.data = self.mapping(())
            return
        problem = "the file is not a list of keys" if root else "the file is empty"
        expected = "`host: NAME` first"
        error = BunkerError(problem, where=self.document.where, expected=expected)
        self.document.problems.append(error)

    def node(self) -> Event:
        """The first event of the next node; an alias of a text is that text."""
        event = next(self.events)
        if isinstance(event, ScalarEvent) and event.anchor:
            self.anchored[event.anchor] = event
        if isinstance(event, AliasEvent):
            return self.anchored.get(str(event.anchor), event)
        return event

    def skip(self, event: Event) -> None:
        """Leave out the node that begins with this event."""
        depth = 0
        for each in chain([event], self.events):
            depth += isinstance(each, CollectionStartEvent) - isinstance(each, CollectionEndEvent)
            if depth == 0:
                return

    def mapping(self, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        first: dict[str, int] = {}
        while not isinstance(event := self.node(), MappingEndEvent):
            if not isinstance(event, ScalarEvent) or _kind_of(event) == "merge":
                self.fault(event, "this key is not plain text", expected="a name")
            elif not is_whole(key := event.value):
                self.fault(event, "this key holds half a character")
            elif key in first:
                problem = f"{_name(*path, key)} stands on line {first[key]} already"
                self.fault(event, problem, remedy="Keep one of the two")
            else:
                first[key] = self.document.lines[(*path, key)] = _line_of(event)
                value = self.value(self.node(), (*path, key))
                if value is not None:
                    result[key] = value
                elif is_environment(path):
                    problem = f"{_name(*path, key)} has no value"
                    self.fault(event, problem, expected='a value, or "" for empty')
                continue
            self.skip(event)
            self.skip(self.node())
        return result

    def value(self, event: Event, path: Path) -> Any:
        if isinstance(event, ScalarEvent):
            return self.scalar(event, path)
        if isinstance(event, AliasEvent):
            self.fault(event, "anchors and aliases (& and *) are not supported here")
            return None
        if isinstance(event, MappingStartEvent):
            return self.mapping(path)
        items: list[Any] = []
        while not isinstance(event := self.node(), SequenceEndEvent):
            self.document.lines[(*path, len(items))] = _line_of(event)
            items.append(self.value(event, (*path, len(items))))
        return items

    def scalar(self, event: ScalarEvent, path: Path) -> Any:
        kind, text = _kind_of(event), event.value
        if not is_whole(text):
            self.fault(event, f"{_name(*path)} holds half a character")
            return None
        if kind in ("str", "timestamp"):
            return text
        if kind in ("int", "float") and is_environment(path[:-1]):
            return text
        if kind not in _SCALARS:
            # Its name is not repeated: a password without quotes may begin like a tag.
            self.fault(event, "tags (!…) are not supported here", expected="quotes around a text")
            return None
        convert, expected = _SCALARS[kind]
        try:
            return convert(text)
        except (ValueError, OverflowError):
            self.fault(event, f"{_name(*path)} cannot be read", expected=expected)
            return None


def _parse_document(text: str, where: str) -> list[Event]:
    """The events of a text's only document, none for an empty text.

    Raises BunkerError with ``where`` and the line of a fault. A fault that libyaml finds is told by
    PyYAML's own parser, which words it better.
    """
    events = _events(text.removeprefix("\ufeff").translate(_UNSEEN), where)
    begins = [
        number for number, event in enumerate(events) if isinstance(event, DocumentStartEvent)
    ]
    if len(begins) > 1:
        raise _invalid("a second document begins here", f"{where}:{_line_of(events[begins[1]])}")
    return events[begins[0] + 1 :] if begins else []


def _events(text: str, where: str) -> list[Event]:
    with suppress(YAMLError, ValueError):
        return list(yaml.parse(text, Loader=yaml.CSafeLoader))
    try:
        return list(yaml.parse(text, Loader=yaml.SafeLoader))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}" if mark else where
        raise _invalid(error.problem or error.context or "cannot be read", place) from None
    except ReaderError as error:  # a control character
        place = f"{where}:{text.count(chr(10), 0, error.position) + 1}"
        raise _invalid(f"the character {error.character:#04x} in it", place) from None
    except (ValueError, OverflowError):  # "\UFFFFFFFF", for which there is no character
        raise _invalid("a character is written that does not exist", where) from None


def _invalid(reason: str, place: str) -> BunkerError:
    # What YAML takes for the name of an alias or a tag may be a password without its quotes.
    reason = re.sub(r"'(?!<)[^']{3,}'", "…", reason)
    return BunkerError(f"this is not valid YAML: {reason}", where=place)


def _kind_of(event: ScalarEvent) -> str:
    """`str`, `int`, `float`, `bool`, `null`, `merge`, or the tag that stands before the scalar."""
    if event.tag not in (None, "!"):
        return str(event.tag).removeprefix(TAG)
    found = _PLAIN.fullmatch(event.value) if event.implicit[0] else None
    return str(found.lastgroup) if found else "str"


def _line_of(event: Event) -> int:
    """The line on which it begins, from 1."""
    return event.start_mark.line + 1 if event.start_mark else 1


def _integer(text: str) -> int:
    # YAML 1.2: 0o17 and 0x1f; a leading zero alone means nothing.
    plain = text.replace("_", "")
    if not plain.isascii() or len(plain) > LONGEST_NUMBER:
        raise ValueError
    prefix = plain.lstrip("+-")[:2].lower()
    return int(plain, 0) if prefix in ("0o", "0x", "0b") else int(plain, 10)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def _null(text: str) -> None:
    if text.lower() not in ("", "~", "null"):
        raise ValueError


_SCALARS: dict[str, tuple[Callable[[str], Any], str]] = {
    "null": (_null, "nothing"),
    "bool": (_boolean, "true or false"),
    "int": (_integer, "a whole number"),
    "float": (_float, "a number"),
}
"""How each kind of scalar is read, and what was expected where that fails."""
