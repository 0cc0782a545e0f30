"""Compose's variable syntax: ``$KEY``, ``${KEY}``, ``${KEY:-other}``, ``$$`` for a dollar sign.

Source: the Compose Specification, "Interpolation".
"""

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced; an unknown one is empty, as in Compose.

    Raises :class:`ValueError`, without the text, for a ``${`` that Compose refuses.
    """
    output: list[str] = []
    position = 0
    while (start := text.find("$", position)) >= 0:
        output.append(text[position:start])
        if text.startswith("$$", start):
            output.append("$")
            position = start + 2
        elif text.startswith("${", start):
            end = _closing_brace(text, start + 2)
            output.append(_braced(text[start + 2 : end], values))
            position = end + 1
        elif match := _NAME.match(text, start + 1):
            output.append(values.get(match.group(), ""))
            position = match.end()
        else:
            output.append("$")
            position = start + 1
    return "".join((*output, text[position:]))


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for position in range(start, len(text)):
        if text.startswith("${", position):
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if not depth:
                return position
    raise ValueError("a ${ is not closed")


def _braced(body: str, values: Mapping[str, str]) -> str:
    match = _NAME.match(body)
    if not match:
        raise ValueError("a ${ is not followed by a name")
    value = values.get(match.group())
    rest = body[match.end() :]
    operator = _OPERATOR.match(rest)
    if not operator:
        if rest:
            raise ValueError("a ${ names no variable")
        return value or ""
    other = interpolate(rest[operator.end() :], values)
    is_set = bool(value) if operator.group().startswith(":") else value is not None
    if operator.group().endswith("+"):
        return other if is_set else ""
    if operator.group().endswith("?") and not is_set:
        raise ValueError("a variable that must be set is not")
    return (value or "") if is_set else other
