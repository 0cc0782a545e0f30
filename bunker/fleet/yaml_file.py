"""Reading a host file: plain data, the line of every key, and every fault in one pass."""

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from yaml import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    ScalarEvent,
)
from yaml.events import MappingEndEvent, MappingStartEvent, SequenceEndEvent

from bunker.errors import BunkerError
from bunker.files import is_whole
from bunker.yaml_text import SCALARS, kind_of, line_of, parse_document

DEEPEST = 20
"""No file of a fleet nests deeper."""
MOST_BRACKETS = 50
Path = tuple[str | int, ...]


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
        events = parse_document(text, where)
    except BunkerError as error:
        document.problems.append(error)
        return document
    if line := _deep_line(events):
        document.problems.append(_too_deep(f"{where}:{line}"))
    else:
        _Reader(document, events).whole()
    return document


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
            return line_of(event)
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
        place = f"{self.document.where}:{line_of(event)}"
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
            if not isinstance(event, ScalarEvent) or kind_of(event) == "merge":
                self.fault(event, "this key is not plain text", expected="a name")
            elif not is_whole(key := event.value):
                self.fault(event, "this key holds half a character")
            elif key in first:
                problem = f"{_name(*path, key)} stands on line {first[key]} already"
                self.fault(event, problem, remedy="Keep one of the two")
            else:
                first[key] = self.document.lines[(*path, key)] = line_of(event)
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
            self.document.lines[(*path, len(items))] = line_of(event)
            items.append(self.value(event, (*path, len(items))))
        return items

    def scalar(self, event: ScalarEvent, path: Path) -> Any:
        kind, text = kind_of(event), event.value
        if not is_whole(text):
            self.fault(event, f"{_name(*path)} holds half a character")
            return None
        if kind in ("str", "timestamp"):
            return text
        if kind in ("int", "float") and is_environment(path[:-1]):
            return text
        if kind not in SCALARS:
            # Its name is not repeated: a password without quotes may begin like a tag.
            self.fault(event, "tags (!…) are not supported here", expected="quotes around a text")
            return None
        convert, expected = SCALARS[kind]
        try:
            return convert(text)
        except (ValueError, OverflowError):
            self.fault(event, f"{_name(*path)} cannot be read", expected=expected)
            return None
