"""Reading a host file: plain data, the line of every key, and every fault in one pass.

The file is only *composed* by ruamel.yaml (that gives the line of each node at no extra cost) and
turned into plain data here, so that a faulty file costs no second pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bunker.errors import BunkerError

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
    try:
        root = YAML(typ="safe").compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}" if mark else where
        reason = error.problem or error.context or "cannot be read"
        document.problems.append(BunkerError(f"this is not valid YAML: {reason}", where=place))
        return document
    except YAMLError as error:  # a control character, which carries no mark
        reason = str(error).splitlines()[0]
        document.problems.append(BunkerError(f"this is not valid YAML: {reason}", where=where))
        return document
    if isinstance(root, MappingNode):
        document.data = _Reader(document).mapping(root, ())
    else:
        problem = "the file is empty" if root is None else "the file is not a list of keys"
        document.problems.append(BunkerError(problem, where=where, expected="`host: NAME` first"))
    return document


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
        if kind in ("str", "timestamp"):
            return text
        if kind in ("int", "float") and path[:1] == ("environment",):
            return text
        if kind in SCALARS:
            return SCALARS[kind](text)
        self.fault(node, f"the tag {node.tag} is not supported here")
        return None


def _integer(text: str) -> int:
    # YAML 1.2: 0o17 and 0x1f; a leading zero alone means nothing.
    plain = text.replace("_", "")
    prefix = plain.lstrip("+-")[:2].lower()
    return int(plain, 0) if prefix in ("0o", "0x", "0b") else int(plain, 10)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


SCALARS: dict[str, Callable[[str], Any]] = {
    "null": lambda _text: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": _float,
}
