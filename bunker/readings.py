"""What a text says once its escapes are undone, and where in the text each character stands.

A value that is printed by a program goes through the encoders of its language: a JSON log, a URL,
HTML, a shell word, a SQL string, often one inside the other. Instead of guessing every spelling,
the escapes of the text are undone, one kind after the other and in every order that matters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape

DEEPEST = 4
"""So many encodings one inside the other are undone."""
MOST = 64
"""Readings of one text; only a text made to be slow has more, and it stays bounded."""


@dataclass(frozen=True)
class Rule:
    """One kind of escape: what it looks like and what it means.

    A text without ``sign`` has none of them. Where ``makes`` is given (a regular expression), the
    rule is only worth its time for values that hold such a character.
    """

    pattern: re.Pattern[str]
    meaning: Callable[[re.Match[str]], str]
    sign: str = ""
    makes: str = ""

    def is_like(self, characters: str) -> bool:
        """Whether values made of these characters may hold something that looks like an escape."""
        if self.sign:
            return self.sign[0] in characters
        return bool(self.pattern.search(characters))


class Reading:
    """A text, or what it says after some of its escapes were undone."""

    def __init__(self, text: str, before: Reading | None = None) -> None:
        self.text = text
        self._before = before
        # Of every escape: where its meaning begins and ends here, and where it stood before.
        self._here: list[int] = []
        self._ends: list[int] = []
        self._there: list[tuple[int, int]] = []

    def undone(self, rule: Rule) -> Reading | None:
        """The text without this kind of escape; None where it has none."""
        if rule.sign not in self.text:
            return None
        pieces: list[str] = []
        after = Reading("", self)
        copied = length = 0
        for token in rule.pattern.finditer(self.text):
            meaning = rule.meaning(token)
            pieces += (self.text[copied : token.start()], meaning)
            length += token.start() - copied
            after._here.append(length)
            length += len(meaning)
            after._ends.append(length)
            after._there.append(token.span())
            copied = token.end()
        if not pieces:
            return None
        after.text = "".join([*pieces, self.text[copied:]])
        return after

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from ``start`` to ``end`` stand in the text as it was given."""
        reading = self
        while reading._before is not None:
            start, end = reading._origin(start)[0], reading._origin(end - 1)[1]
            reading = reading._before
        return start, end

    def _origin(self, at: int) -> tuple[int, int]:
        """The place of one character in the text before."""
        number = bisect_right(self._here, at) - 1
        if number < 0:
            return at, at + 1
        begin, end = self._there[number]
        beyond = at - self._ends[number]
        return (begin, end) if beyond < 0 else (end + beyond, end + beyond + 1)


def readings(text: str, moves: Sequence[Sequence[Rule]]) -> Iterator[Reading]:
    """The text as it stands, and then everything it says once escapes are undone."""
    whole = Reading(text)
    yield whole
    seen = {text}
    latest = [whole]
    for _level in range(DEEPEST):
        found: list[Reading] = []
        for reading in latest:
            for move in moves:
                after, new = reading, False
                for rule in move:
                    after = after.undone(rule) or after
                    if after.text in seen:
                        continue
                    if len(seen) == MOST:
                        return
                    seen.add(after.text)
                    new = True
                    yield after
                if new:
                    found.append(after)
        latest = found


def moves_for(characters: str) -> tuple[tuple[Rule, ...], ...]:
    """How to read a text in which values made of these characters are looked for.

    Escapes that the values themselves cannot look like are undone in one go. Where a value holds
    the sign of one (``%`` or a backslash), it has to be found before and after that is undone, and
    where two rules understand the same sign, after either.
    """
    useful = [rule for rule in RULES if re.search(rule.makes, characters)]
    signs = [rule.sign[:1] for rule in useful]
    free = tuple(
        rule for rule in useful if signs.count(rule.sign[:1]) == 1 and not rule.is_like(characters)
    )
    return (free, *((rule,) for rule in useful if rule not in free))


def _bytes_as(mark: str) -> str:
    """A regular expression of one character in UTF-8, each byte as ``mark`` and two digits."""
    digit = "[0-9a-fA-F]"
    more = f"{mark}[89abAB]{digit}"
    return (
        f"{mark}[cCdD]{digit}{more}|{mark}[eE]{digit}(?:{more}){{2}}"
        f"|{mark}[fF][0-7](?:{more}){{3}}|{mark}{digit}{{2}}"
    )


def _utf16_as(mark: str) -> str:
    """The same of one character in UTF-16, as JavaScript and JSON write it."""
    digit = "[0-9a-fA-F]"
    return f"{mark}[dD][89abAB]{digit}{{2}}{mark}[dD][c-fC-F]{digit}{{2}}|{mark}{digit}{{4}}"


_OCTAL = (
    r"\\3[0-3][0-7]\\2[0-7]{2}|\\3[45][0-7](?:\\2[0-7]{2}){2}|\\36[0-7](?:\\2[0-7]{2}){3}"
    r"|\\[0-7]{1,3}"
)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _hexadecimal(token: re.Match[str]) -> str:
    return _decoded(bytes.fromhex(re.sub(r"[%=x\\\r\n]", "", token[0])))


def _utf16(token: re.Match[str]) -> str:
    raw = bytes.fromhex(re.sub(r"[%u\\]", "", token[0]))
    return raw.decode("utf-16-be", "surrogatepass")


def _percent(token: re.Match[str]) -> str:
    return _utf16(token) if token[0][1] == "u" else _hexadecimal(token)


def _backslash(token: re.Match[str]) -> str:
    text = token[0]
    sign = text[1]
    if sign in "01234567":
        return _decoded(bytes(int(digits, 8) & 255 for digits in text.split("\\")[1:]))
    if len(text) == 2:
        return _NAMED.get(sign, sign)
    if sign == "x":
        return _hexadecimal(token)
    if sign == "u" and text[2] != "{":
        return _utf16(token)
    number = int(text[2:].strip("{}"), 16)
    return chr(number) if number <= 0x10FFFF else text


def _latin(token: re.Match[str]) -> str:
    return chr(int(token[0][-2:], 16))


def _html(token: re.Match[str]) -> str:
    return unescape(token[0])


def _nothing(_token: re.Match[str]) -> str:
    return ""


def _doubled(sign: str) -> Rule:
    # The first three also double what other encoders write: %%2F, a CSV of JSON.
    makes = "" if sign in "%'\"" else re.escape(sign)
    return Rule(re.compile(re.escape(sign) * 2), lambda _token: sign, sign * 2, makes)


_NAMED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_NAMED |= {"\n": ""}
_YAML = {"N": "\x85", "L": "\u2028", "P": "\u2029", "_": "\xa0"}

RULES = (
    # A folded line; before the rest, which would take its backslash.
    Rule(re.compile(r"\\?\r?\n[ \t]*(?:\\(?= ))?"), _nothing, "\n"),
    # JSON, JavaScript, Python, Go, YAML in double quotes, $'…' and \ of shells, E'…' of SQL.
    Rule(
        re.compile(
            "|".join(
                (
                    _utf16_as(r"\\u"),
                    r"\\u\{[0-9a-fA-F]{1,6}\}|\\U[0-9a-fA-F]{8}",
                    _bytes_as(r"\\x"),
                    _OCTAL,
                    r"\\.",
                )
            ),
            re.DOTALL,
        ),
        _backslash,
        "\\",
    ),
    # encodeURIComponent, urllib's quote, Go's url.QueryEscape, JavaScript's old escape.
    Rule(re.compile(f"{_utf16_as('%u')}|{_bytes_as('%')}"), _percent, "%"),
    # Where one byte is one character: JavaScript's \xE9 and escape, Python's ascii.
    Rule(re.compile(r"\\x[0-9a-fA-F]{2}"), _latin, "\\", "[\x80-\xff]"),
    Rule(re.compile("%[0-9a-fA-F]{2}"), _latin, "%", "[\x80-\xff]"),
    Rule(re.compile(r"\+"), lambda _token: " ", "+", " "),
    # HTML and XML: by name, decimal and hexadecimal.
    Rule(
        re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"),
        _html,
        "&",
    ),
    # Single quotes inside a shell's single quotes: '\'' and '"'"'.
    Rule(re.compile(r"""'(?:\\'|"('+)")'"""), lambda token: token[1] or "'", "'", "'"),
    # SQL, CSV, Compose, systemd, MySQL, templates: the sign itself, written twice.
    *map(_doubled, "'\"$%`{}"),
    Rule(re.compile(r"\\([NLP_])"), lambda token: _YAML[token[1]], "\\", "[\x85\u2028\u2029\xa0]"),
    # Mail.
    Rule(re.compile(f"=\r?\n|{_bytes_as('=')}"), _hexadecimal, "=", "[^!-<>-~]"),
    # What a terminal does not show hides a value from a search, too.
    Rule(
        re.compile(
            r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|.\x08"
            "|[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
        ),
        _nothing,
    ),
)
