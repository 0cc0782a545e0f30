"""PostgreSQL's SQL as words: comments gone, strings and quoted names recognised, statements apart.

Only as much of the language as it takes never to mistake what stands in a comment, a string or a
dollar quote for a statement (PostgreSQL documentation, "Lexical Structure"). What does not end
where it should is an error: text that cannot be read is never judged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "name", "string", "symbol"]

_DOLLAR_QUOTE = re.compile(r"\$(?:[^\W\d]\w*)?\$")
_WORD = re.compile(r"[^\W\d][\w$]*")
_NUMBER = re.compile(r"\d[\w.]*")
_QUOTED = re.compile(r'"(?:[^"]|"")*+"')
_STRING = re.compile(r"'(?:[^']|'')*+'")
_ESCAPED_STRING = re.compile(r"'(?:[^'\\]|''|\\.)*+'", re.DOTALL)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_LINE_END = re.compile(r"[\r\n]")


class UnreadableSql(ValueError):
    """A comment, string or name that never ends. The message says which, and where it begins."""


@dataclass(frozen=True)
class Token:
    """One piece of a statement.

    kind: "word" is an unquoted name or keyword (text folded as PostgreSQL folds it), "name" a
    quoted identifier (text without its quotes), "string" any literal (text "''"), "symbol" the
    rest, one character each, numbers whole. start: where it stands in the source, in characters.
    """

    kind: Kind
    text: str
    start: int

    def is_word(self, *words: str) -> bool:
        """True for an unquoted word that is one of these (given in lower case)."""
        return self.kind == "word" and self.text in words

    def is_symbol(self, symbol: str) -> bool:
        return self.kind == "symbol" and self.text == symbol


@dataclass(frozen=True)
class Statement:
    """The tokens of one statement without its semicolon, and its source on one line."""

    tokens: tuple[Token, ...]
    text: str


def split_statements(sql: str) -> list[Statement]:
    """The statements of one script, in order; empty ones left out. Raises UnreadableSql."""
    statements: list[Statement] = []
    current: list[Token] = []
    end = 0
    for token, token_end in _tokens(sql):
        if token.is_symbol(";"):
            _finish(sql, current, end, statements)
            current = []
        else:
            current.append(token)
            end = token_end
    _finish(sql, current, end, statements)
    return statements


def _finish(sql: str, tokens: list[Token], end: int, into: list[Statement]) -> None:
    if tokens:
        into.append(Statement(tuple(tokens), " ".join(sql[tokens[0].start : end].split())))


def _tokens(sql: str) -> list[tuple[Token, int]]:
    found: list[tuple[Token, int]] = []
    at = 0
    while at < len(sql):
        if sql[at].isspace() or sql[at] == "\ufeff":
            at += 1
            continue
        if sql.startswith("--", at):
            line_end = _LINE_END.search(sql, at)
            at = line_end.end() if line_end else len(sql)
            continue
        if sql.startswith("/*", at):
            at = _after_block_comment(sql, at)
            continue
        token, end = _one(sql, at)
        found.append((token, end))
        at = end
    return found


def _after_block_comment(sql: str, start: int) -> int:
    """Where a block comment ends; PostgreSQL's nest, other dialects' do not."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise _unended("comment", sql, start)


def _one(sql: str, at: int) -> tuple[Token, int]:
    character = sql[at]
    if character == '"':
        quoted = _QUOTED.match(sql, at) or _fail("quoted name", sql, at)
        return Token("name", quoted.group()[1:-1].replace('""', '"'), at), quoted.end()
    if character == "'":
        literal = _STRING.match(sql, at) or _fail("string", sql, at)
        return Token("string", "''", at), literal.end()
    if character == "$" and (opening := _DOLLAR_QUOTE.match(sql, at)):
        closing = sql.find(opening.group(), opening.end())
        if closing < 0:
            raise _unended("dollar-quoted string", sql, at)
        return Token("string", "''", at), closing + len(opening.group())
    if word := _WORD.match(sql, at):
        return _word_or_prefixed_string(sql, at, word)
    if number := _NUMBER.match(sql, at):
        return Token("symbol", number.group(), at), number.end()
    return Token("symbol", character, at), at + 1


def _word_or_prefixed_string(sql: str, at: int, word: re.Match[str]) -> tuple[Token, int]:
    """E'…', B'…', X'…', N'…' and U&'…' are strings; U&"…" hides a name in escapes."""
    following = sql[word.end() : word.end() + 2]
    prefix = word.group().lower()
    if prefix == "e" and following.startswith("'"):
        literal = _ESCAPED_STRING.match(sql, word.end()) or _fail("string", sql, at)
        return Token("string", "''", at), literal.end()
    if prefix in {"b", "x", "n"} and following.startswith("'"):
        literal = _STRING.match(sql, word.end()) or _fail("string", sql, at)
        return Token("string", "''", at), literal.end()
    if prefix == "u" and following in {"&'", '&"'}:
        pattern = _STRING if following == "&'" else _QUOTED
        literal = pattern.match(sql, word.end() + 1) or _fail("string", sql, at)
        # An escaped name cannot be compared with others: it stays a symbol, which no form accepts.
        kind: Kind = "string" if following == "&'" else "symbol"
        return Token(kind, "''" if kind == "string" else literal.group(), at), literal.end()
    return Token("word", word.group().lower(), at), word.end()


def _fail(what: str, sql: str, at: int) -> re.Match[str]:
    raise _unended(what, sql, at)


def _unended(what: str, sql: str, at: int) -> UnreadableSql:
    return UnreadableSql(
        f"the {what} that begins in line {sql.count(chr(10), 0, at) + 1} never ends"
    )


class Cursor:
    """Reads a statement's tokens from left to right."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tuple(tokens)
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.tokens)

    @property
    def rest(self) -> tuple[Token, ...]:
        return self.tokens[self.at :]

    def accept(self, *words: str) -> bool:
        """Step over these keywords where all of them come next, one after the other."""
        coming = self.tokens[self.at : self.at + len(words)]
        if len(coming) < len(words) or not all(
            token.is_word(word) for token, word in zip(coming, words, strict=True)
        ):
            return False
        self.at += len(words)
        return True

    def name(self) -> str | None:
        """Step over a name; the schema ``public`` is left out, another one stays in front."""
        parts: list[str] = []
        while not self.done and self.tokens[self.at].kind in {"word", "name"}:
            parts.append(self.tokens[self.at].text)
            self.at += 1
            if self.done or not self.tokens[self.at].is_symbol("."):
                break
            self.at += 1
        if len(parts) > 1 and parts[0] == "public":
            parts = parts[1:]
        return ".".join(parts) or None

    def group(self) -> tuple[Token, ...] | None:
        """Step over a pair of parentheses; what stands between them, or None."""
        if self.done or not self.tokens[self.at].is_symbol("("):
            return None
        depth = 0
        for index in range(self.at, len(self.tokens)):
            depth += _step(self.tokens[index])
            if depth == 0:
                inside = self.tokens[self.at + 1 : index]
                self.at = index + 1
                return inside
        return None


def split_list(tokens: Sequence[Token]) -> list[tuple[Token, ...]]:
    """The parts between the commas that stand in no parentheses or brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += _step(token)
        if depth == 0 and token.is_symbol(","):
            parts.append([])
        else:
            parts[-1].append(token)
    return [tuple(part) for part in parts]


def _step(token: Token) -> int:
    if token.kind != "symbol":
        return 0
    return {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
