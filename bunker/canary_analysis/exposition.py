"""Reading Prometheus' text format (version 0.0.4), strictly: what is not understood is an error."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\[\\n"])*+)"[ \t]*')
_VALUE = re.compile(r"[ \t]*(\S+)(?:[ \t]+-?\d+)?[ \t]*")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


class UnreadableMetrics(ValueError):
    """A line that is no metric. The message says which line, not what it holds."""


@dataclass(frozen=True)
class Series:
    """One line: the metric's name, its labels and its value."""

    name: str
    labels: dict[str, str]
    value: float


def parse_metrics(text: str) -> Iterator[Series]:
    """Every series of the text, in order. Raises UnreadableMetrics."""
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield _series(stripped, number)


def _series(line: str, number: int) -> Series:
    name = _NAME.match(line)
    if name is None:
        raise UnreadableMetrics(f"line {number} is no metric")
    at = name.end()
    labels: dict[str, str] = {}
    if line[at : at + 1] == "{":
        at = _labels(line, at + 1, labels, number)
    value = _VALUE.fullmatch(line, at)
    if value is None:
        raise UnreadableMetrics(f"line {number} has no value")
    return Series(name.group(), labels, _number(value.group(1), number))


def _labels(line: str, at: int, into: dict[str, str], number: int) -> int:
    while line[at : at + 1] != "}":
        label = _LABEL.match(line, at)
        if label is None or label.group(1) in into:
            raise UnreadableMetrics(f"line {number} has labels that cannot be read")
        into[label.group(1)] = _ESCAPE.sub(lambda found: _ESCAPES[found.group(1)], label.group(2))
        at = label.end()
        if line[at : at + 1] == ",":
            at += 1
        elif line[at : at + 1] != "}":
            raise UnreadableMetrics(f"line {number} has labels that never end")
    return at + 1


def _number(text: str, number: int) -> float:
    try:
        if "_" not in text:
            return float(text)
    except ValueError:
        pass
    raise UnreadableMetrics(f"line {number} has a value that is no number")
