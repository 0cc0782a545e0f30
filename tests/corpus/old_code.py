"""The code of before: what it reads and writes, and whether it still can.

Its queries are made from the old database's catalogue, as Prisma's client writes them: explicit
columns, upserts by unique keys, one row and many at once. It knows the enums' old values only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql

from tests.corpus.catalog import Column, Table, equal, insert, names, value_for

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Query:
    """One query; ``columns`` are what it answers; ``reads_all``: tables are compared after."""

    text: str
    columns: tuple[Column, ...] = ()
    compared: tuple[bool, ...] = ()
    reads_all: bool = False


@dataclass
class Answer:
    """What became of a query: an error, or its rows, their types, and the tables after it."""

    error: str = ""
    rows: Rows | None = None
    types: tuple[int, ...] = ()
    after: dict[str, Counter[tuple[str, ...]]] | None = None


def fill(database: Connection[Any], tables: dict[str, Table]) -> None:
    """Three rows in every table."""
    for table in tables.values():
        for number in range(3):
            database.execute(insert(table.name, _row(database, table, number, full=True)))


def _row(
    database: Connection[Any], table: Table, number: int, *, full: bool = False
) -> dict[str, Any]:
    """Values of a row; those of foreign keys are of a row that is there."""
    values: dict[str, Any] = {}
    for column in table.columns.values():
        serial = column.default and column.name in table.primary
        if column.generated or serial or not (full or (column.required and not column.default)):
            continue
        values[column.name] = value_for(column, number)
    for columns, parent, parents in table.foreign:
        if not set(columns) & values.keys() or (parent == table.name and number == 0):
            values |= dict.fromkeys(set(columns) & values.keys())
            continue
        query = sql.SQL("SELECT {} FROM {} ORDER BY 1 LIMIT 1 OFFSET {}").format(
            names(parents), sql.Identifier(parent), sql.Literal(number % 3)
        )
        found = database.execute(query).fetchone()
        values |= dict(zip(columns, found or [None] * len(columns), strict=True))
    return values


def queries_of(database: Connection[Any], tables: dict[str, Table]) -> list[Query]:
    """What the code of before asks."""
    made = []
    for table in tables.values():
        made += list(_reads(table))
        made += list(_inserts(database, table))
        made += list(_updates(database, table))
        made += list(_deletes(database, table))
    return made


def _reads(table: Table) -> Iterator[Query]:
    columns = tuple(table.columns.values())
    text = sql.SQL("SELECT {} FROM {}").format(names(table.columns), sql.Identifier(table.name))
    yield Query(text.as_string(), columns, (True,) * len(columns))
    for own, parent, parents in table.foreign:
        if all(table.columns[name].required for name in own):
            text = sql.SQL("SELECT p.{} FROM {} c LEFT JOIN {} p ON c.{} = p.{}").format(
                sql.Identifier(parents[0]),
                sql.Identifier(table.name),
                sql.Identifier(parent),
                sql.Identifier(own[0]),
                sql.Identifier(parents[0]),
            )
            yield Query(text.as_string(), (table.columns[own[0]],), (True,))


def _answering(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """What of an inserted row is the same every time."""
    columns = tuple(table.columns.values())
    moments = ("timestamp", "uuid")
    same = [c.name in values or not (c.default and c.type.startswith(moments)) for c in columns]
    serial = [c.default and c.name in table.primary for c in columns]
    compared = tuple(one and not other for one, other in zip(same, serial, strict=True))
    return {"columns": columns, "compared": compared}


def _inserts(database: Connection[Any], table: Table) -> Iterator[Query]:
    returning = sql.SQL(" RETURNING {}").format(names(table.columns)).as_string()
    key = {name for columns in (table.primary, *table.unique) for name in columns}
    for number in range(3):
        full = _row(database, table, number, full=True)
        fresh = {name: value_for(table.columns[name]) for name in key & full.keys()}
        for columns, _parent, _parents in table.foreign:
            if set(columns) & set(fresh) and len(columns) == 1 and columns[0] in full:
                fresh[columns[0]] = full[columns[0]]
        least = {
            name: value
            for name, value in (full | fresh).items()
            if table.columns[name].required and not table.columns[name].default
        }
        if _taken(database, table, full | fresh):
            full_again = full
        else:
            full_again = full | fresh
            text = insert(table.name, full_again, returning).as_string()
            yield Query(text, **_answering(table, full_again))
            text = insert(table.name, least, returning).as_string()
            yield Query(text, **_answering(table, least))
            twice = {n: value_for(table.columns[n]) if n in key and isinstance(v, str) else v
                     for n, v in full_again.items()}  # fmt: skip
            if not any(set(columns) & key for columns, _p, _q in table.foreign):
                two = f"{insert(table.name, least).as_string()};"
                again = {n: v for n, v in twice.items() if n in least}
                yield Query(two + insert(table.name, again).as_string())
        for columns in (table.primary, *table.unique):
            if set(columns) <= full.keys():
                tail = sql.SQL(" ON CONFLICT ({}) DO UPDATE SET {} = EXCLUDED.{} RETURNING {}")
                one = sql.Identifier(next(iter(full_again)))
                text = insert(
                    table.name,
                    full,
                    tail.format(names(columns), one, one, names(columns)).as_string(),
                ).as_string()
                yield Query(text)


def _taken(database: Connection[Any], table: Table, values: dict[str, Any]) -> bool:
    for columns in (table.primary, *table.unique):
        if columns and set(columns) <= values.keys():
            query = sql.SQL("SELECT 1 FROM {} WHERE {}").format(
                sql.Identifier(table.name), equal({name: values[name] for name in columns})
            )
            if database.execute(query).fetchone():
                return True
    return False


def _keys(database: Connection[Any], table: Table) -> list[dict[str, Any]]:
    query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        names(table.primary), sql.Identifier(table.name), names(table.primary)
    )
    return [dict(zip(table.primary, row, strict=True)) for row in database.execute(query)]


def _updates(database: Connection[Any], table: Table) -> Iterator[Query]:
    keys = _keys(database, table)
    set_one = sql.SQL("UPDATE {} SET {} = {} WHERE {}")
    identifier = sql.Identifier(table.name)
    bound = {name for columns in (table.primary, *table.unique) for name in columns}
    foreign = {name for columns, _parent, _parents in table.foreign for name in columns}
    for column in table.columns.values():
        name = sql.Identifier(column.name)
        values = [] if column.name in foreign else [value_for(column), value_for(column, 1)]
        values += [None] if not column.required else []
        values += list(column.labels or ())
        for value in values[:1] if column.name in bound else values:
            text = set_one.format(identifier, name, sql.Literal(value), equal(keys[0]))
            yield Query(text.as_string(), reads_all=True)
            if column.name not in bound:
                many = sql.SQL("UPDATE {} SET {} = {}").format(identifier, name, sql.Literal(value))
                yield Query(many.as_string())
    for columns, parent, parents in table.foreign:
        if set(columns) & bound:
            continue
        query = sql.SQL("SELECT {} FROM {} ORDER BY 1 DESC LIMIT 1").format(
            names(parents), sql.Identifier(parent)
        )
        found = database.execute(query).fetchone() or (None,)
        yield Query(
            set_one.format(
                identifier, sql.Identifier(columns[0]), sql.Literal(found[0]), equal(keys[0])
            ).as_string()
        )


def _deletes(database: Connection[Any], table: Table) -> Iterator[Query]:
    for key in _keys(database, table):
        text = sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table.name), equal(key))
        yield Query(text.as_string(), reads_all=True)
    yield Query(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)).as_string())


def ask(database: Connection[Any], queries: list[Query], tables: dict[str, Table]) -> list[Answer]:
    """Run each query on the database as it is; nothing stays."""
    with database.transaction(force_rollback=True):
        database.execute("SAVEPOINT before")
        answers = [_ask(database, query, tables) for query in queries]
        database.execute("ROLLBACK TO before")
    return answers


def _ask(database: Connection[Any], query: Query, tables: dict[str, Table]) -> Answer:
    answer = Answer()
    try:
        cursor = database.execute(f"ROLLBACK TO before; {query.text}".encode())
        while cursor.nextset():
            pass
        if query.columns:
            answer.types = tuple(column.type_code for column in cursor.description or ())
            answer.rows = cursor.fetchall()
        if query.reads_all:
            answer.after = contents(database, tables)
    except psycopg.Error as error:
        answer.error = f"{error.sqlstate} {str(error).splitlines()[0]}"
    return answer


def contents(
    database: Connection[Any], tables: dict[str, Table]
) -> dict[str, Counter[tuple[str, ...]]]:
    """The rows of the old tables, in the old columns."""
    text = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, ROW({})::text FROM {}").format(
            sql.Literal(table.name), names(table.columns), sql.Identifier(table.name)
        )
        for table in tables.values()
    )
    found: dict[str, Counter[tuple[str, ...]]] = {name: Counter() for name in tables}
    for name, row in database.execute(text):
        found[name][(row,)] += 1
    return found


def trouble(  # noqa: PLR0911 - one answer for each kind
    query: Query, before: Answer, after: Answer
) -> str:
    """Why the code of before cannot go on: what a query answers now; empty where it can."""
    if before.error:
        return ""
    if after.error:
        return f"{query.text}: {after.error}"
    if before.types != after.types:
        return f"{query.text}: answers other types"
    if before.after is not None and after.after is not None:
        for name, rows in before.after.items():
            if rows - after.after[name]:
                return f"{query.text}: other rows in {name} afterwards"
    for row in after.rows or ():
        for column, value in zip(query.columns, row, strict=True):
            if value is None and column.required:
                return f"{query.text}: {column.name} is empty"
            if column.labels and value is not None and value not in column.labels:
                return f"{query.text}: {column.name} has the unknown value {value}"
    if before.rows is not None and _same(query, before.rows) - _same(query, after.rows or []):
        return f"{query.text}: answers other rows"
    return ""


def _same(query: Query, rows: Rows) -> Counter[str]:
    return Counter(
        repr([value for value, same in zip(row, query.compared, strict=True) if same])
        for row in rows
    )
