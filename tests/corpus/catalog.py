"""What a database's own catalogue says of its tables: columns, keys, values that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from psycopg import Connection, sql

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       a.atthasdef OR a.attidentity <> '', a.attgenerated <> '',
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
         WHERE e.enumtypid = a.atttypid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_)')
ORDER BY c.oid, a.attnum"""
_KEYS = """
SELECT c.conrelid::regclass::text, c.contype, c.confrelid::regclass::text,
       (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.conkey)
         WITH ORDINALITY k(i, n)
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.i),
       (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.confkey)
         WITH ORDINALITY k(i, n)
         JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.i)
FROM pg_constraint c WHERE c.contype IN ('f', 'p') AND c.conparentid = 0
UNION ALL
SELECT i.indrelid::regclass::text, 'u', '', array_agg(a.attname::text ORDER BY k.n), NULL
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid AND t.relkind = 'r',
     unnest(i.indkey) WITH ORDINALITY k(i, n), pg_attribute a
WHERE i.indisunique AND NOT i.indisprimary AND i.indpred IS NULL AND i.indexprs IS NULL
  AND a.attrelid = i.indrelid AND a.attnum = k.i
  AND t.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_)')
GROUP BY i.indexrelid, i.indrelid"""


@dataclass
class Column:
    """One column, as a client knows it."""

    name: str
    type: str
    required: bool
    default: bool
    generated: bool
    labels: tuple[str, ...] | None


@dataclass
class Table:
    """A table with its columns and keys; ``foreign`` are (columns, table, its columns)."""

    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    primary: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    foreign: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = field(default_factory=list)


def tables_of(database: Connection[Any]) -> dict[str, Table]:
    """Every table, by name, in the order in which they were made."""
    found: dict[str, Table] = {}
    for table, name, kind, required, default, generated, labels in database.execute(_COLUMNS):
        column = Column(name, kind, required, default, generated, tuple(labels) if labels else None)
        found.setdefault(table, Table(table)).columns[name] = column
    for table, kind, other, columns, others in database.execute(_KEYS):
        one = found.get(_bare(table))
        if one is None:
            continue
        if kind == "p":
            one.primary = tuple(columns)
        elif kind == "u":
            one.unique.append(tuple(columns))
        else:
            one.foreign.append((tuple(columns), _bare(other), tuple(others)))
    return found


def _bare(name: str) -> str:
    return name.rpartition(".")[2].strip('"')


_numbers = count(1000)


def value_for(column: Column, number: int | None = None) -> Any:
    """A value that fits the column's type; another one for every number."""
    n = next(_numbers) if number is None else number
    kind = column.type.partition("(")[0]
    if column.labels:
        return column.labels[n % len(column.labels)]
    if column.type.endswith("[]"):
        return [] if column.type != "text[]" else [f"v{n}"]
    simple = {
        "boolean": n % 2 == 0,
        "smallint": n % 30000,
        "uuid": f"00000000-0000-4000-8000-{n:012d}",
        "json": "{}",
        "jsonb": "{}",
        "date": "2025-01-01",
        "bytea": b"x",
        "numeric": n % 90 + 1,
    }
    if kind in simple:
        return simple[kind]
    if kind in ("integer", "bigint", "real", "double precision"):
        return n
    if kind.startswith("time"):
        return f"2025-01-01 00:{n // 60 % 60:02d}:{n % 60:02d}"
    return f"v{n}"


def insert(table: str, values: dict[str, Any], tail: str = "") -> sql.Composed:
    """INSERT with explicit columns, as a client writes it."""
    if not values:
        return sql.SQL("INSERT INTO {} DEFAULT VALUES" + tail).format(sql.Identifier(table))
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})" + tail).format(
        sql.Identifier(table), names(values), sql.SQL(", ").join(map(sql.Literal, values.values()))
    )


def names(columns: Sequence[str] | dict[str, Any]) -> sql.Composed:
    """Columns, quoted and separated."""
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def equal(values: dict[str, Any]) -> sql.Composed:
    """A condition."""
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in values.items()
    )
