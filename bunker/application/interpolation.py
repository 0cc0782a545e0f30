"""Compose's variable syntax: ``$KEY``, ``${KEY}``, ``${KEY:-other}``, ``$$`` for a dollar sign.

Source: the Compose Specification, "Interpolation".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")


def referenced_names(text: str) -> frozenset[str]:
    """Every variable that the text refers to, those inside of defaults included."""
    walk = _Walk({}, strict=False)
    walk.replace(text)
    return frozenset(walk.found)


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced; an unknown one is empty, as in Compose.

    Raises :class:`ValueError`, without the text, for a ``${`` that Compose refuses.
    """
    return _Walk(values, strict=True).replace(text)


class _Walk:
    def __init__(self, values: Mapping[str, str], *, strict: bool) -> None:
        self.values = values
        self.strict = strict
        self.found: set[str] = set()

    def replace(self, text: str) -> str:
        output: list[str] = []
        position = 0
        while (start := text.find("$", position)) >= 0:
            output.append(text[position:start])
            if text.startswith("$$", start):
                output.append("$")
                position = start + 2
            elif text.startswith("${", start):
                end = self._closing_brace(text, start + 2)
                output.append(self._braced(text[start + 2 : end]))
                position = end + 1
            elif match := _NAME.match(text, start + 1):
                output.append(self._value(match.group()) or "")
                position = match.end()
            else:
                output.append("$")
                position = start + 1
        return "".join((*output, text[position:]))

    def _closing_brace(self, text: str, start: int) -> int:
        depth = 1
        for position in range(start, len(text)):
            if text.startswith("${", position):
                depth += 1
            elif text[position] == "}":
                depth -= 1
                if not depth:
                    return position
        self._refuse("a ${ is not closed")
        return len(text)

    def _braced(self, body: str) -> str:
        match = _NAME.match(body)
        if not match:
            self._refuse("a ${ is not followed by a name")
            return ""
        value = self._value(match.group())
        rest = body[match.end() :]
        operator = _OPERATOR.match(rest)
        if not operator:
            if rest:
                self._refuse("a ${ names no variable")
            return value or ""
        other = self.replace(rest[operator.end() :])
        is_set = bool(value) if operator.group().startswith(":") else value is not None
        if operator.group().endswith("+"):
            return other if is_set else ""
        if operator.group().endswith("?"):
            if not is_set:
                self._refuse("a variable that must be set is not")
            return value or ""
        return (value or "") if is_set else other

    def _value(self, name: str) -> str | None:
        self.found.add(name)
        return self.values.get(name)

    def _refuse(self, problem: str) -> None:
        if self.strict:
            raise ValueError(problem)
