"""What a host says of itself, read strictly: whatever stands there may be damaged, or a lie.

Everything here raises UnreadableAnswer and nothing else, so that one clause of whoever asked makes
one sentence of it.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bunker.errors import BunkerError
from bunker.files import parse_json

MARK: Final = "@@bunker"
"""What the lines of a script begin with that name the part of the answer below them."""
MOST: Final = 10**15
"""More than any size in KB, count or length of time; floating point holds all of them exactly."""
LAST_MOMENT: Final = 253_370_764_800
"""The first second of the year 9999: later ones have no date everywhere on earth."""

_WHOLE: Final = re.compile(r"-?[0-9]{1,16}")
_SHOWN: Final = 60


class UnreadableAnswer(ValueError):
    """A host's answer is not of the form that was asked for; the message says what is wrong."""


def whole(value: object, what: str, *, least: int = 0, most: int = MOST) -> int:
    """A whole number within bounds, from JSON or from text in digits."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if type(value) is not int or not least <= value <= most:
        raise UnreadableAnswer(f"{what} is {_shown(value)}, and no number that can be right")
    return value


def moment(value: object, what: str) -> int:
    """Seconds since 1970 that have a date."""
    return whole(value, what, most=LAST_MOMENT)


def mode(digits: str, what: str) -> int:
    """The mode of a file, as ``stat`` prints it."""
    if not re.fullmatch(r"[0-7]{1,5}", digits):
        raise UnreadableAnswer(f"{what} is {_shown(digits)}, and no mode of a file")
    return int(digits, 8)


def line(value: object, what: str) -> str:
    """One line of text without anything that steers a terminal."""
    if not isinstance(value, str) or not value.isprintable():
        raise UnreadableAnswer(f"{what} is {_shown(value)}, and no line of text")
    return value


def text(value: object, what: str) -> str:
    """Any text; whoever shows it makes it printable."""
    if not isinstance(value, str):
        raise UnreadableAnswer(f"{what} is {_shown(value)}, and no text")
    return value


def decoded(encoded: str, what: str) -> bytes:
    """What stands there in base64, on one line."""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableAnswer(f"{what} is damaged: it is no base64") from None


def decoded_text(encoded: str, what: str) -> str:
    """UTF-8 text in base64."""
    try:
        return decoded(encoded, what).decode()
    except UnicodeDecodeError:
        raise UnreadableAnswer(f"{what} is no UTF-8 text") from None


def record(content: str, what: str) -> dict[str, Any]:
    """A JSON object, as deep and with such numbers as can be worked with."""
    try:
        found = parse_json(content, what)
    except BunkerError as error:
        raise UnreadableAnswer(f"{what} is damaged: {error.problem}") from None
    if not isinstance(found, dict):
        raise UnreadableAnswer(f"{what} is no JSON object")
    return found


def clock_and_record(lines: Iterable[str], what: str) -> tuple[int, dict[str, Any]]:
    """A host's clock on a line, and below it a JSON object in base64."""
    clock, *encoded = [row.strip() for row in lines if row.strip()] or [""]
    return moment(clock, "its clock"), record(decoded_text("".join(encoded), what), what)


def of(values: Mapping[str, Any], key: str, what: str) -> Any:
    """A value that has to be there."""
    if key not in values:
        raise UnreadableAnswer(f"{what} has no {key}")
    return values[key]


def sections(lines: Iterable[str]) -> dict[str, list[str]]:
    """Split an answer at its ``@@bunker NAME`` lines.

    The last one must be ``@@bunker end``: an answer that was cut short is an error, never a state.
    Raises UnreadableAnswer.
    """
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for row in lines:
        if row.startswith(f"{MARK} "):
            current = found.setdefault(row[len(MARK) + 1 :], [])
        else:
            current.append(row)
    if "end" not in found:
        raise UnreadableAnswer("it was cut short")
    return found


def by_key(lines: Iterable[str]) -> dict[str, list[str]]:
    """Lines ``KEY VALUE``: the values of each key, in their order."""
    found: dict[str, list[str]] = {}
    for row in lines:
        key, _, value = row.partition(" ")
        found.setdefault(key, []).append(value)
    return found


def _shown(value: object) -> str:
    # A number of thousands of digits cannot even be printed.
    if isinstance(value, int) and abs(value) > MOST:
        return "too large"
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
