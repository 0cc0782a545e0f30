"""Each statement of a migration: what it does to code that was written before it.

A list of what is known to be harmless; everything else has a reason why it is not.
"""

from collections.abc import Callable

from bunker.application.schema_columns import (
    KnownSchema,
    added_column,
    foreign_key_reasons,
    is_plain_default,
)
from bunker.application.sql_tokens import Cursor, Statement, Token, split_list

_QUOTED_LENGTH = 60
_TRANSACTION_WORDS = frozenset(
    {"begin", "commit", "start", "transaction", "work", "end", "isolation", "level"}
)
_HARMLESS_SETTINGS = frozenset({"lock_timeout", "statement_timeout", "client_min_messages"})
# Second net: words that take something away, wherever they stand in what looks harmless.
_TAKES_AWAY = frozenset(
    {"drop", "rename", "truncate", "delete", "update", "alter", "merge", "execute", "call", "copy"}
)
_TABLE_CONSTRAINTS = ("constraint", "primary", "unique", "check", "foreign", "exclude")
_OBJECTS = (
    "table", "view", "materialized view", "index", "type", "sequence", "schema", "function",
    "trigger", "extension", "policy", "rule", "domain", "procedure", "aggregate", "role",
)  # fmt: skip


def unsafe_reasons(statement: Statement, known: KnownSchema) -> list[str]:
    """Why code of before may not go on working after this statement; [] where it does.

    What the statement makes is noted in ``known``, for the statements after it.
    """
    cursor = Cursor(statement.tokens)
    first = statement.tokens[0]
    judge = _JUDGES.get(first.text) if first.kind == "word" else None
    if judge is None:
        return [_not_understood(statement)]
    cursor.at = 1
    reasons = judge(cursor, known)
    if reasons is None:
        return [_not_understood(statement)]
    if not reasons:
        return _second_net(statement)
    return reasons


def _not_understood(statement: Statement) -> str:
    text = statement.text
    short = text if len(text) <= _QUOTED_LENGTH else text[:_QUOTED_LENGTH] + "…"
    return f"has a statement that is not understood: {short}"


def _second_net(statement: Statement) -> list[str]:
    tokens = statement.tokens
    for at, token in enumerate(tokens[1:], start=1):
        if not token.is_word(*_TAKES_AWAY):
            continue
        if token.is_word("delete", "update") and tokens[at - 1].is_word("on"):
            continue
        if token.is_word("update") and tokens[at - 1].is_word("do"):
            return ["rewrites rows that are there already (ON CONFLICT DO UPDATE)"]
        return [_not_understood(statement)]
    return []


def _create(  # noqa: PLR0911 - one answer for each form
    cursor: Cursor, known: KnownSchema
) -> list[str] | None:
    if cursor.accept("or", "replace"):
        return [f"replaces {_object(cursor)}, which code of before may use"]
    if cursor.accept("table") or cursor.accept("unlogged", "table"):
        may_exist = cursor.accept("if", "not", "exists")
        table = cursor.name()
        if table is None or cursor.group() is None or not cursor.done:
            return None
        if not may_exist:
            known.tables.add(table)
        return []
    if cursor.accept("index"):
        return [] if _indexed(cursor) else None
    if cursor.accept("unique", "index"):
        return _unique_index(cursor, known)
    if cursor.accept("type"):
        return [] if cursor.name() and cursor.accept("as") else None
    if cursor.accept("view") or cursor.accept("materialized", "view"):
        return []
    if cursor.accept("sequence") or cursor.accept("extension") or cursor.accept("schema"):
        return []
    return None


def _indexed(cursor: Cursor) -> str | None:
    """The table of ``CREATE INDEX``; the cursor stops at its columns."""
    cursor.accept("concurrently")
    cursor.accept("if", "not", "exists")
    if not cursor.accept("on"):
        cursor.name()
        if not cursor.accept("on"):
            return None
    cursor.accept("only")
    table = cursor.name()
    if cursor.accept("using"):
        cursor.name()
    return table


def _unique_index(cursor: Cursor, known: KnownSchema) -> list[str] | None:
    table = _indexed(cursor)
    columns = cursor.group()
    if table is None or columns is None:
        return None
    if table in known.tables:
        return []
    single = [part[0].text for part in split_list(columns) if len(part) == 1]
    nulls_collide = any(token.is_word("nulls") for token in cursor.rest)
    if any(known.stays_empty(table, column) for column in single) and not nulls_collide:
        return []
    return [f"makes values of {table} unique, which rows written by code of before may not be"]


def _alter(cursor: Cursor, known: KnownSchema) -> list[str] | None:
    if cursor.accept("table"):
        return _alter_table(cursor, known)
    if cursor.accept("type"):
        name = cursor.name()
        if cursor.accept("add", "value"):
            return []
        if any(token.is_word("rename") for token in cursor.rest):
            return [f"renames type {name} or a value of it"]
        return None
    kind = _object(cursor)
    if any(token.is_word("rename") for token in cursor.rest):
        return [f"renames {kind}"]
    return None


def _alter_table(cursor: Cursor, known: KnownSchema) -> list[str] | None:
    cursor.accept("if", "exists")
    cursor.accept("only")
    table = cursor.name()
    if table is None or cursor.done:
        return None
    reasons: list[str] = []
    for part in split_list(cursor.rest):
        found = _table_action(table, Cursor(part), known)
        if found is None:
            return None
        reasons += found
    return reasons


def _table_action(  # noqa: PLR0911 - one answer for each form
    table: str, cursor: Cursor, known: KnownSchema
) -> list[str] | None:
    if cursor.accept("drop", "constraint"):
        cursor.accept("if", "exists")
        return [f"removes rule {cursor.name()} of {table}, which code of before may rely on"]
    if cursor.accept("drop"):
        cursor.accept("column")
        cursor.accept("if", "exists")
        return [f"drops column {table}.{cursor.name()}"]
    if cursor.accept("rename"):
        return [_renamed(table, cursor)]
    if cursor.accept("add"):
        if not cursor.done and cursor.tokens[cursor.at].is_word(*_TABLE_CONSTRAINTS):
            return _added_rule(table, cursor, known)
        cursor.accept("column")
        return added_column(table, cursor, known)
    if cursor.accept("alter"):
        cursor.accept("column")
        column = cursor.name()
        return None if column is None else _changed_column(table, column, cursor, known)
    return None


def _renamed(table: str, cursor: Cursor) -> str:
    if cursor.accept("to"):
        return f"renames table {table} to {cursor.name()}"
    if cursor.accept("constraint"):
        return f"renames rule {cursor.name()} of {table}"
    cursor.accept("column")
    return f"renames column {table}.{cursor.name()}"


def _added_rule(table: str, cursor: Cursor, known: KnownSchema) -> list[str] | None:
    if table in known.tables:
        return []
    name = (cursor.name() or "") if cursor.accept("constraint") else "without a name"
    if cursor.accept("foreign", "key"):
        return foreign_key_reasons(table, name, cursor, known)
    return [f"adds a rule to existing table {table} ({name}), which code of before may break"]


def _changed_column(
    table: str, column: str, cursor: Cursor, known: KnownSchema
) -> list[str] | None:
    place = f"{table}.{column}"
    if cursor.accept("type") or cursor.accept("set", "data", "type"):
        return [f"changes the type of {place}"]
    if cursor.accept("drop", "default"):
        return [f"takes the default of {place} away"]
    if cursor.accept("drop", "not", "null"):
        return [f"lets {place} be empty, which code of before does not expect"]
    if cursor.accept("set", "not", "null"):
        return [] if table in known.tables else [f"makes {place} required"]
    if cursor.accept("set", "default"):
        harmless = table in known.tables and is_plain_default(cursor.rest)
        return [] if harmless else [f"changes the default of {place}"]
    return None


def _drop(cursor: Cursor, _known: KnownSchema) -> list[str]:
    return [f"drops {_object(cursor)}"]


def _object(cursor: Cursor) -> str:
    """ "table campaigns": the kind and the name of what CREATE, ALTER or DROP names."""
    for kind in _OBJECTS:
        if cursor.accept(*kind.split()):
            break
    else:
        kind = cursor.name() or "something"
    for optional in (("concurrently",), ("if", "not", "exists"), ("if", "exists"), ("only",)):
        cursor.accept(*optional)
    names = [cursor.name() or "?"]
    while not cursor.done and cursor.tokens[cursor.at].is_symbol(","):
        cursor.at += 1
        names.append(cursor.name() or "?")
    return f"{kind} {', '.join(names)}"


def _update(cursor: Cursor, known: KnownSchema) -> list[str] | None:
    """Filling columns that the same migration added touches nothing that code of before reads."""
    cursor.accept("only")
    table = cursor.name()
    cursor.accept("as")
    if not cursor.accept("set"):
        cursor.name()  # an alias
        if not cursor.accept("set"):
            return [f"rewrites rows of {table} (UPDATE)"]
    if table is None:
        return None
    for part in split_list(_until_clause(cursor.rest)):
        target = Cursor(part)
        column = target.name()
        assigned = bool(target.rest) and target.rest[0].is_symbol("=")
        if column is None or not assigned or not known.is_new_column(table, column):
            return [f"rewrites rows of {table} (UPDATE)"]
    return []


def _until_clause(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    depth = 0
    for at, token in enumerate(tokens):
        if token.kind == "symbol":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.is_word("from", "where", "returning"):
            return tokens[:at]
    return tokens


def _insert(cursor: Cursor, _known: KnownSchema) -> list[str] | None:
    return [] if cursor.accept("into") and cursor.name() else None


def _delete(cursor: Cursor, _known: KnownSchema) -> list[str]:
    cursor.accept("from")
    cursor.accept("only")
    return [f"deletes rows of {cursor.name()}"]


def _truncate(cursor: Cursor, _known: KnownSchema) -> list[str]:
    cursor.accept("table")
    cursor.accept("only")
    return [f"empties table {cursor.name()}"]


def _comment(cursor: Cursor, _known: KnownSchema) -> list[str] | None:
    return [] if cursor.accept("on") else None


def _transaction(cursor: Cursor, _known: KnownSchema) -> list[str] | None:
    return [] if all(token.is_word(*_TRANSACTION_WORDS) for token in cursor.rest) else None


def _setting(cursor: Cursor, _known: KnownSchema) -> list[str] | None:
    if not cursor.accept("local"):
        cursor.accept("session")
    return [] if cursor.name() in _HARMLESS_SETTINGS else None


_JUDGES: dict[str, Callable[[Cursor, KnownSchema], list[str] | None]] = {
    "create": _create,
    "alter": _alter,
    "drop": _drop,
    "update": _update,
    "insert": _insert,
    "delete": _delete,
    "truncate": _truncate,
    "comment": _comment,
    "begin": _transaction,
    "start": _transaction,
    "commit": _transaction,
    "end": _transaction,
    "set": _setting,
}
