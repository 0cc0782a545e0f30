"""Writing and reading ``.env`` files as Docker Compose v2 reads them.

Compose takes an unquoted value up to the end of the line or to `` #``, replaces variables in
unquoted and double-quoted values, and takes single-quoted ones as they stand.
"""

import re
from collections.abc import Mapping, Sequence

from bunker.errors import BunkerError
from bunker.masking import Secret

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")
_BARE = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
# One entry (in quotes it may have several lines), a name alone (Compose takes its value from the
# shell that runs it: unknown to the file), a comment, or nothing.
_LINE = re.compile(
    r"""
    [^\S\n]*(?:
      (?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*+
      (?: (?P<quote>['"])(?P<body>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)[ \t]*(?:\#[^\n]*)?
        | (?P<bare>(?!['"])[^\n]*) )
      | (?:export[ ]\s*)?[A-Za-z_][A-Za-z0-9_]*
      | \#[^\n]*
      |
    )[^\S\n]*(?:\n|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\([abcfnrtv$\"\\])")
_ESCAPES = {"$": "$$", "n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


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
        line = _LINE.match(text, position)
        if line is None:
            expected = "KEY=value, a quoted one with nothing after its closing quote"
            raise _unreadable(text, position, where, expected)
        if line["key"]:
            try:
                values[line["key"]] = _value(line, values)
            except ValueError as error:
                expected = f"Compose's variable syntax ({error})"
                raise _unreadable(text, position, where, expected) from None
        position = line.end()
    return values


def _value(line: re.Match[str], values: Mapping[str, str]) -> str:
    body = line["body"]
    if line["quote"] == "'":
        return body.replace("\\'", "'")
    if line["quote"]:
        return interpolate(_ESCAPED.sub(lambda pair: _ESCAPES.get(pair[1], pair[1]), body), values)
    return interpolate(line["bare"].split(" #", 1)[0].rstrip(), values)


def _unreadable(text: str, position: int, where: str, expected: str) -> BunkerError:
    line = text.count("\n", 0, position) + 1
    return BunkerError("the line cannot be read", where=f"{where}, line {line}", expected=expected)


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced: ``$KEY``, ``${KEY}``, ``${KEY:-other}``, ``$$`` for a
    dollar sign (Compose Specification, "Interpolation"). An unknown one is empty.

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
        elif match := _KEY.match(text, start + 1):
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
    match = _KEY.match(body)
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
