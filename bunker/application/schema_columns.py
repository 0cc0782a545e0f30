"""What a column added to a table, and a foreign key on it, mean to code that does not know it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bunker.application.sql_tokens import Cursor, Token

_CONSTRAINT_WORDS = frozenset(
    {
        "constraint",
        "not",
        "null",
        "default",
        "unique",
        "primary",
        "references",
        "check",
        "generated",
    }
)
_SERIAL_TYPES = frozenset({"serial", "serial4", "serial8", "bigserial", "smallserial", "serial2"})
# Defaults that can neither be NULL nor fail: a literal, or a function known to give a value.
_PLAIN_DEFAULT = re.compile(
    r"(?:''|[+-]? ?#|true|false|array \[ \]"
    r"|current_timestamp(?: \( # \))?|current_date|localtimestamp"
    r"|(?:now|gen_random_uuid|uuid_generate_v4|clock_timestamp) \( \)"
    r"|nextval \( ''(?: : : regclass)? \))"
    r"(?: : : [\w. ]+(?:\( #(?: , #)? \))?(?: \[ \])?)?"
)


@dataclass
class KnownSchema:
    """What the migration itself made so far: code of before cannot depend on any of it.

    columns: by table, the columns added to it; the value is True where a row that does not
    mention the column holds NULL.
    """

    tables: set[str] = field(default_factory=set)
    columns: dict[str, dict[str, bool]] = field(default_factory=dict)

    def is_new_column(self, table: str, column: str) -> bool:
        return table in self.tables or column in self.columns.get(table, {})

    def stays_empty(self, table: str, column: str) -> bool:
        """True for a new column that code of before leaves NULL."""
        return self.columns.get(table, {}).get(column, False)


def is_plain_default(tokens: Sequence[Token]) -> bool:
    """True where the expression gives a value that is never NULL and cannot fail."""
    shape = " ".join(_shape(token) for token in tokens)
    return _PLAIN_DEFAULT.fullmatch(shape) is not None


def _shape(token: Token) -> str:
    if token.kind == "symbol" and token.text[0].isdigit():
        return "#"
    return "named" if token.kind == "name" else token.text


def added_column(table: str, cursor: Cursor, known: KnownSchema) -> list[str] | None:
    """Why ``ADD COLUMN`` is unsafe; [] where it is safe, None where it is not understood.

    The cursor stands behind ``ADD [COLUMN]``; the column is noted in ``known``.
    """
    may_exist = cursor.accept("if", "not", "exists")
    column = cursor.name()
    if column is None:
        return None
    definition = _definition(cursor)
    if definition is None:
        return None
    if table in known.tables:
        return []
    place = f"{table}.{column}"
    reasons = _column_reasons(place, definition)
    if not reasons and not may_exist:
        known.columns.setdefault(table, {})[column] = definition.stays_empty
    return reasons


@dataclass
class _Definition:
    required: bool = False
    default: tuple[Token, ...] | None = None
    serial: bool = False
    unique: bool = False
    other: str | None = None
    reference: tuple[str, tuple[Token, ...]] | None = None

    @property
    def stays_empty(self) -> bool:
        return not (self.required or self.serial) and (
            self.default is None or _is_null(self.default)
        )


def _is_null(default: Sequence[Token]) -> bool:
    return len(default) == 1 and default[0].is_word("null")


def _column_reasons(place: str, definition: _Definition) -> list[str]:
    if definition.other:
        return [f"adds column {place} with {definition.other}, which code of before may break"]
    default = definition.default
    if default is not None and not _is_null(default) and not is_plain_default(default):
        return [f"adds column {place} with a default that is not a plain value"]
    if definition.required and not definition.serial and (default is None or _is_null(default)):
        return [f"adds a required column {place} without default"]
    if (definition.unique or definition.reference) and not definition.stays_empty:
        what = "must be unique" if definition.unique else "must refer to another row"
        return [f"adds column {place} whose default {what}"]
    if definition.reference and cascades(definition.reference[1]):
        return [f"lets deleting from {definition.reference[0]} delete rows of {place}'s table"]
    return []


def _definition(cursor: Cursor) -> _Definition | None:  # noqa: PLR0912 - one branch for each form
    definition = _Definition()
    kind = _until_constraint(cursor)
    if not kind:
        return None
    definition.serial = kind[0].is_word(*_SERIAL_TYPES)
    while not cursor.done:
        if cursor.accept("constraint"):
            if cursor.name() is None:
                return None
        elif cursor.accept("not", "null"):
            definition.required = True
        elif cursor.accept("null"):
            pass
        elif cursor.accept("default"):
            first = cursor.rest[:1]
            cursor.at += 1
            definition.default = (*first, *_until_constraint(cursor))
        elif cursor.accept("unique"):
            definition.unique = True
            if _until_constraint(cursor):
                return None
        elif cursor.accept("references"):
            target = cursor.name()
            if target is None:
                return None
            definition.reference = (target, _reference_rules(cursor))
        elif cursor.accept("primary", "key"):
            definition.other = "a primary key"
        elif cursor.accept("check"):
            definition.other = "a check"
            _until_constraint(cursor)
        elif cursor.accept("generated"):
            definition.other = "a generated value"
            _until_constraint(cursor)
        else:
            return None
    return definition


def _until_constraint(cursor: Cursor) -> tuple[Token, ...]:
    """Step to the next keyword that begins a column constraint, or the end."""
    start = cursor.at
    while not cursor.done:
        if cursor.group() is not None:
            continue
        if cursor.tokens[cursor.at].is_word(*_CONSTRAINT_WORDS):
            break
        cursor.at += 1
    return cursor.tokens[start : cursor.at]


def _reference_rules(cursor: Cursor) -> tuple[Token, ...]:
    """Step over what follows ``REFERENCES table``: its columns and what happens ON DELETE."""
    start = cursor.at
    while not cursor.done:
        if cursor.accept("set", "null") or cursor.accept("set", "default"):
            continue
        if cursor.group() is not None:
            continue
        if cursor.tokens[cursor.at].is_word(*_CONSTRAINT_WORDS):
            break
        cursor.at += 1
    return cursor.tokens[start : cursor.at]


def cascades(rules: Sequence[Token]) -> bool:
    """True where deleting the row that is referred to deletes the row that refers."""
    return any(
        rules[at].is_word("on")
        and rules[at + 1].is_word("delete")
        and rules[at + 2].is_word("cascade")
        for at in range(len(rules) - 2)
    )


def foreign_key_reasons(table: str, name: str, cursor: Cursor, known: KnownSchema) -> list[str]:
    """Why a foreign key on an existing table is unsafe; the cursor stands behind FOREIGN KEY."""
    columns = cursor.group() or ()
    plain = [token.text for token in columns if token.kind in {"word", "name"}]
    if not plain or not all(known.stays_empty(table, column) for column in plain):
        return [f"adds a rule to existing rows of {table} (foreign key {name})"]
    if not cursor.accept("references"):
        return [f"adds a foreign key to {table} that is not understood ({name})"]
    target = cursor.name()
    # ON DELETE CASCADE on a table of before: its rows would go when code of before deletes others.
    if cascades(cursor.rest):
        return [f"lets deleting from {target} delete rows of {table} (foreign key {name})"]
    # MATCH FULL makes one NULL among several columns an error.
    if any(token.is_word("full") for token in cursor.rest):
        return [f"adds a rule to existing rows of {table} (foreign key {name})"]
    return []
