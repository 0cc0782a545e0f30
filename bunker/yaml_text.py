"""Reading YAML that is not written back: libyaml's events, and what YAML 1.2 takes for a number.

PyYAML's own rules are those of YAML 1.1, where `on`, `no` and `1:30` are no texts. Its composers
are not used either: where the nesting is deep, that of libyaml overflows the stack.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import yaml
from yaml import Event, MarkedYAMLError, ScalarEvent, YAMLError
from yaml.events import DocumentStartEvent
from yaml.reader import ReaderError

from bunker.errors import BunkerError

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


def parse_document(text: str, where: str) -> list[Event]:
    """The events of a text's only document, none for an empty text.

    Raises BunkerError with ``where`` and the line of a fault. A fault that libyaml finds is told by
    PyYAML's own parser, which words it better.
    """
    events = _events(text.removeprefix("\ufeff").translate(_UNSEEN), where)
    begins = [
        number for number, event in enumerate(events) if isinstance(event, DocumentStartEvent)
    ]
    if len(begins) > 1:
        raise _invalid("a second document begins here", f"{where}:{line_of(events[begins[1]])}")
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


def kind_of(event: ScalarEvent) -> str:
    """`str`, `int`, `float`, `bool`, `null`, `merge`, or the tag that stands before the scalar."""
    if event.tag not in (None, "!"):
        return str(event.tag).removeprefix(TAG)
    found = _PLAIN.fullmatch(event.value) if event.implicit[0] else None
    return str(found.lastgroup) if found else "str"


def line_of(event: Event) -> int:
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


SCALARS: dict[str, tuple[Callable[[str], Any], str]] = {
    "null": (_null, "nothing"),
    "bool": (_boolean, "true or false"),
    "int": (_integer, "a whole number"),
    "float": (_float, "a number"),
}
"""How each kind of scalar is read, and what was expected where that fails."""
