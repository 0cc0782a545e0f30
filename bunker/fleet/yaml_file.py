"""Reading a host file: plain data, the line of every key, and every fault in one pass.

The file is only *composed* by ruamel.yaml (that gives the line of each node at no extra cost) and
turned into plain data here, so that a faulty file costs no second pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from bunker.errors import BunkerError
from bunker.files import is_whole

DEEPEST = 20
"""No file of a fleet nests deeper."""
MOST_BRACKETS = 50
TAG = "tag:yaml.org,2002:"
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
        root = _yaml().compose(text)
        if isinstance(root, MappingNode):
            document.data = _Reader(document).mapping(root, ())
        else:
            problem = "the file is empty" if root is None else "the file is not a list of keys"
            expected = "`host: NAME` first"
            document.problems.append(BunkerError(problem, where=where, expected=expected))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}" if mark else where
        reason = error.problem or error.context or "cannot be read"
        document.problems.append(_invalid(reason, place))
    except ReaderError as error:  # a control character
        place = f"{where}:{text.count(chr(10), 0, error.position) + 1}"
        document.problems.append(_invalid(f"the character {error.character:#04x} in it", place))
    except YAMLError as error:
        document.problems.append(_invalid(str(error).splitlines()[0], where))
    except RecursionError:
        document.problems.append(_too_deep(f"{where}:{_deep_line(text)}"))
    except (ValueError, OverflowError):  # "\UFFFFFFFF", for which there is no character
        document.problems.append(_invalid("a character is written that does not exist", where))
    return document


def _yaml() -> YAML:
    yaml = YAML(typ="safe")
    yaml.composer.warn_double_anchors = False  # aliases are refused anyway, in a sentence
    return yaml


def _invalid(reason: str, place: str) -> BunkerError:
    # What YAML takes for the name of an alias or a tag may be a password without its quotes.
    reason = re.sub(r"'(?!<)[^']{3,}'", "…", reason)
    return BunkerError(f"this is not valid YAML: {reason}", where=place)


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


def _deep_line(text: str) -> int:
    """The line on which the nesting becomes too deep; found event by event, without recursion."""
    depth = 0
    for event in _yaml().parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            return int(event.start_mark.line) + 1
    return 1


class _Reader:
    """Turns nodes into plain data and notes lines and faults."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()

    def fault(self, node: Node, problem: str, **more: str) -> None:
        place = f"{self.document.where}:{node.start_mark.line + 1}"
        self.document.problems.append(BunkerError(problem, where=place, **more))

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode) or key_node.tag == f"{TAG}merge":
                self.fault(key_node, "this key is not plain text", expected="a name")
                continue
            key, line = str(key_node.value), key_node.start_mark.line + 1
            name = ".".join(map(str, (*path, key)))
            if not is_whole(key):
                self.fault(key_node, "this key holds half a character")
                continue
            if key in first:
                remedy = "Keep one of the two"
                self.fault(key_node, f"{name} stands on line {first[key]} already", remedy=remedy)
                continue
            first[key] = line
            self.document.lines[(*path, key)] = line
            value = self.value(value_node, (*path, key))
            if value is not None:
                result[key] = value
            elif path == ("environment",):
                self.fault(key_node, f"{name} has no value", expected='a value, or "" for empty')
        return result

    def value(self, node: Node, path: Path) -> Any:
        if isinstance(node, ScalarNode):
            return self.scalar(node, path)
        # The same node again is an alias: it may contain itself or grow without bound.
        if id(node) in self.seen:
            self.fault(node, "anchors and aliases (& and *) are not supported here")
            return None
        self.seen.add(id(node))
        if len(path) > DEEPEST:
            place = f"{self.document.where}:{node.start_mark.line + 1}"
            self.document.problems.append(_too_deep(place))
            return None
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        assert isinstance(node, SequenceNode)  # noqa: S101 - YAML has no fourth kind of node
        items = []
        for index, item in enumerate(node.value):
            self.document.lines[(*path, index)] = item.start_mark.line + 1
            items.append(self.value(item, (*path, index)))
        return items

    def scalar(self, node: ScalarNode, path: Path) -> Any:
        kind, text = str(node.tag).removeprefix(TAG), str(node.value)
        if not is_whole(text):
            self.fault(node, f"{'.'.join(map(str, path))} holds half a character")
            return None
        if kind in ("str", "timestamp"):
            return text
        if kind in ("int", "float") and path[:1] == ("environment",):
            return text
        if kind not in SCALARS:
            # Its name is not repeated: a password without quotes may begin like a tag.
            self.fault(node, "tags (!…) are not supported here", expected="quotes around a text")
            return None
        convert, expected = SCALARS[kind]
        try:
            return convert(text)
        except (ValueError, OverflowError):
            name = ".".join(map(str, path))
            self.fault(node, f"{name} cannot be read", expected=expected)
            return None


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


LONGEST_NUMBER = 64
"""Digits; Python itself refuses more than 4300, and no value here needs more than ten."""

SCALARS: dict[str, tuple[Callable[[str], Any], str]] = {
    "null": (_null, "nothing"),
    "bool": (_boolean, "true or false"),
    "int": (_integer, "a whole number"),
    "float": (_float, "a number"),
}
