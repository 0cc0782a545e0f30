"""Writing and reading ``.env`` files as Docker Compose v2 reads them.

Compose takes an unquoted value up to the end of the line or to `` #``, replaces variables in
unquoted and double-quoted values, and takes single-quoted ones as they stand.
"""

import re
from collections.abc import Mapping, Sequence

from bunker.application.interpolation import interpolate
from bunker.errors import BunkerError
from bunker.masking import Secret

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
_LINE_START = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def to_dotenv(values: Mapping[str, str | Secret], *, header: Sequence[str] = ()) -> bytes:
    """The file's content: the header as comments, then one ``KEY=value`` line for each key.

    The same input gives the same bytes. Raises :class:`BunkerError`, without the value, where
    one cannot stand on a line of its own (line breaks and other control characters).
    """
    lines = [f"# {line}" for line in header]
    if any(not line.isprintable() for line in lines):
        raise ValueError("a header line must be one line of printable text")
    for key, value in values.items():
        if not _KEY.fullmatch(key):
            raise BunkerError(f"{key!r} cannot be the name of an environment variable")
        text = value.reveal() if isinstance(value, Secret) else value
        lines.append(f"{key}={quote_value(text, key=key)}")
    return ("\n".join(lines) + "\n").encode()


def quote_value(value: str, *, key: str) -> str:
    """``value`` as Compose reads it back exactly; ``key`` is for the error only."""
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise BunkerError(
            f"the value of {key} holds a line break or another control character",
            expected="one line of text",
        )
    if _BARE.fullmatch(value):
        return value
    if "'" not in value and not value.endswith("\\"):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def parse_dotenv(content: bytes, *, where: str = ".env") -> dict[str, str]:
    """Keys and values as Compose would see them, hand-written files included.

    The last line wins where a key stands twice. A variable in a value is replaced from earlier
    lines of the same file. Raises :class:`BunkerError` with the line, never with its content.
    """
    try:
        text = content.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise BunkerError("the file is not UTF-8 text", where=where) from None
    values: dict[str, str] = {}
    position = 0
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = text[position:end].strip()
        if not line or line.startswith("#"):
            position = end + 1
            continue
        match = _LINE_START.match(text, position, end)
        if match:
            values[match.group(1)], position = _value(text, match.end(), end, values, where)
            continue
        name = line.removeprefix("export ").strip()
        if not _KEY.fullmatch(name):
            raise _unreadable(text, position, where, "KEY=value")
        # A bare name takes its value from the shell that runs Compose: unknown to the file.
        position = end + 1
    return values


def _value(
    text: str, start: int, end: int, values: Mapping[str, str], where: str
) -> tuple[str, int]:
    quote = text[start : start + 1]
    if quote not in ("'", '"') or start >= end:
        bare = text[start:end].split(" #", 1)[0].rstrip()
        return _interpolated(bare, values, text, start, where), end + 1
    collected: list[str] = []
    position = start + 1
    while position < len(text) and text[position] != quote:
        if text[position] == "\\" and position + 1 < len(text):
            following = text[position + 1]
            # Compose removes the backslash before the closing quote's own character and keeps
            # every other pair; double-quoted pairs are decoded afterwards.
            collected.append(following if following == quote else "\\" + following)
            position += 2
        else:
            collected.append(text[position])
            position += 1
    if position >= len(text):
        raise _unreadable(text, start, where, f"a closing {quote}")
    line_end = text.find("\n", position)
    line_end = len(text) if line_end < 0 else line_end
    rest = text[position + 1 : line_end].strip()
    if rest and not rest.startswith("#"):
        raise _unreadable(text, position, where, f"nothing after the closing {quote}")
    raw = "".join(collected)
    if quote == "'":
        return raw, line_end + 1
    return _interpolated(_unescape(raw), values, text, start, where), line_end + 1


def _interpolated(
    value: str, values: Mapping[str, str], text: str, position: int, where: str
) -> str:
    try:
        return interpolate(value, values)
    except ValueError as error:
        raise _unreadable(text, position, where, f"Compose's variable syntax ({error})") from None


def _unescape(raw: str) -> str:
    def decode(match: re.Match[str]) -> str:
        character = match.group(1)
        if character == "$":
            return "$$"
        return _ESCAPES.get(character, character)

    return re.sub(r'\\([abcfnrtv$"\\])', decode, raw)


def _unreadable(text: str, position: int, where: str, expected: str) -> BunkerError:
    line = text.count("\n", 0, position) + 1
    return BunkerError("the line cannot be read", where=f"{where}, line {line}", expected=expected)
