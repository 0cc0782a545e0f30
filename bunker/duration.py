"""Lengths of time as people write and read them: `90s`, `30m`, `1h30m`, `2d`."""

import re
from typing import Final

from bunker.errors import BunkerError

UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""Seconds of each unit, the longest first."""

EXPECTED: Final = "a length of time such as 90s, 30m, 2h, 1h30m or 1d; a bare number is seconds"
_PARTS = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.ASCII)
_LONGEST_TEXT = 40
_LONGEST_DAYS = 36_500


def parse_duration(text: str, *, where: str | None = None) -> int:
    """Seconds of `90s`, `30m`, `2h`, `1h30m`, `1d` or `45` (a bare number is seconds).

    ``where`` names the option or key in the error. Raises BunkerError for anything else, for
    units out of order, and for more than a hundred years; zero is a length of time.
    """
    plain = text.strip().lower()
    found = _PARTS.fullmatch(plain) if 0 < len(plain) <= _LONGEST_TEXT else None
    if found is None:
        shown = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
        raise BunkerError(f"{shown!r} is no length of time", where=where, expected=EXPECTED)
    seconds = sum(
        int(number or 0) * unit for number, unit in zip(found.groups(), UNITS.values(), strict=True)
    )
    if seconds > _LONGEST_DAYS * UNITS["d"]:
        raise BunkerError(f"{text!r} is longer than a hundred years", where=where)
    return seconds


def format_duration(seconds: float) -> str:
    """The length of time for people, and for :func:`parse_duration`: `45s`, `30m`, `1h30m`.

    Fractions are cut off; less than a second is `0s`.
    """
    rest = max(0, int(seconds))
    parts = []
    for unit, length in UNITS.items():
        number, rest = divmod(rest, length)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def describe_duration(seconds: float) -> str:
    """Roughly how long, in words: `20 seconds`, `3 minutes`, `5 hours`, `2 days`; cut off."""
    rest = max(0, int(seconds))
    names = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
    for unit, length in UNITS.items():
        # Two minutes are told in minutes, 100 seconds in seconds: one minute would be far off.
        if rest >= 2 * length or (unit == "s"):
            number = rest // length
            return f"{number} {names[unit]}{'' if number == 1 else 's'}"
    return "0 seconds"
