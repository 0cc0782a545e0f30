"""The newer code: rows that it writes, so that they are there when older code is back."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import Connection, sql

from tests.corpus.catalog import Column, Table, insert, value_for


def write(
    database: Connection[Any], before: dict[str, Table], after: dict[str, Table], more: str
) -> None:
    """Use everything that the migration brought. What the database refuses is left out."""
    for table in after.values():
        if table.name not in before:
            for number in range(3):
                _insert(database, table, number, old=None)
    for name, old in before.items():
        if name in after:
            _use(database, old, after[name])
    if more:
        _try(database, sql.SQL(more))


def _try(database: Connection[Any], statement: sql.Composable) -> bool:
    try:
        with database.transaction():
            database.execute(statement.as_string().encode())
    except psycopg.Error:
        return False
    return True


def _use(database: Connection[Any], old: Table, new: Table) -> None:
    """New columns, new values of enums, columns that may be empty now."""
    table = sql.Identifier(new.name)
    some = sql.SQL("ctid IN (SELECT ctid FROM {} ORDER BY 1 LIMIT 2)").format(table)
    for column in new.columns.values():
        known = old.columns.get(column.name)
        values = []
        if known is None:
            values = [*_parents(database, new, column), value_for(column, 1), value_for(column)]
        elif column.labels and known.labels and set(column.labels) - set(known.labels):
            values = [next(label for label in column.labels if label not in (known.labels or ()))]
        elif known.required and not column.required:
            values = [None]
        for value in values:
            text = sql.SQL("UPDATE {} SET {} = {} WHERE ").format(
                table, sql.Identifier(column.name), sql.Literal(value)
            )
            if _try(database, text + some):
                break
            if _try(database, text + sql.SQL("ctid = (SELECT min(ctid) FROM {})").format(table)):
                break
    for number in range(3):
        _insert(database, new, number, old=old)
    _duplicate(database, new)


def _parents(database: Connection[Any], table: Table, column: Column) -> list[Any]:
    for columns, parent, parents in table.foreign:
        if column.name in columns:
            place = sql.Identifier(parents[columns.index(column.name)])
            text = sql.SQL("SELECT {} FROM {} ORDER BY 1").format(place, sql.Identifier(parent))
            return [row[0] for row in database.execute(text)]
    return []


def _insert(database: Connection[Any], table: Table, number: int, old: Table | None) -> None:
    values: dict[str, Any] = {}
    for column in table.columns.values():
        serial = column.default and column.name in table.primary
        if not column.generated and not serial:
            # Beside rows of before: values of its own, that collide with none by chance.
            values[column.name] = value_for(column, number if old is None else None)
        if column.labels:
            values[column.name] = column.labels[-1]
        if column.name in values and (found := _parents(database, table, column)):
            values[column.name] = found[number % len(found)]
    _try(database, insert(table.name, values))


def _duplicate(database: Connection[Any], table: Table) -> None:
    """A second row like one that is there, where no unique key stands against it any more."""
    serial = {c.name for c in table.columns.values() if c.default and c.name in table.primary}
    own = [c.name for c in table.columns.values() if not c.generated and c.name not in serial]
    columns = sql.SQL(", ").join(map(sql.Identifier, own))
    text = sql.SQL("INSERT INTO {t} ({c}) SELECT {c} FROM {t} LIMIT 1")
    _try(database, text.format(t=sql.Identifier(table.name), c=columns))
