"""Which database migrations let the code of before go on working: may code go back alone?

Going back to the code of before is only right when every migration applied since leaves it a
database that it can read and write. That is decided here from the migration's SQL, before it is
applied, with a list of what is known to be harmless:

- new tables, types, values of a type, sequences, extensions, views, indexes, comments, new rows;
- a new column that may be NULL, or that has a plain default (a literal, ``now()``, a new UUID),
  and filling it;
- rules (unique, foreign key, check, required) on tables that the same migration made, and unique
  and foreign keys on columns that the code of before leaves NULL.

Everything else is unsafe, what is not understood included. DROP INDEX is unsafe because nothing
in it says whether the index is unique: without a unique one ``ON CONFLICT`` fails. A changed
default is unsafe too: the code of before may read a value that it does not know.

What is not seen: functions called in the SQL, triggers that react to it, and rows of a new table
that refer to an old one and so keep the code of before from deleting it (no data is lost).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bunker.application.schema_changes import unsafe_reasons
from bunker.application.schema_columns import KnownSchema
from bunker.application.sql_tokens import UnreadableSql, split_statements


@dataclass(frozen=True)
class MigrationSafety:
    """The judgement on one migration.

    name: the migration's folder, as ``_prisma_migrations`` has it. safe: code of before goes on
    working after it. reasons: why not, each in an operator's words ("drops column
    campaigns.description"), in the order of the statements and each once; empty where safe.
    """

    name: str
    safe: bool
    reasons: tuple[str, ...]


def classify_migration(name: str, sql: str) -> MigrationSafety:
    """Judge one migration by its SQL. Never fails: SQL that cannot be read is unsafe."""
    try:
        statements = split_statements(sql)
    except UnreadableSql as problem:
        return MigrationSafety(name, False, (f"cannot be read: {problem}",))
    known = KnownSchema()
    reasons: dict[str, None] = {}
    for statement in statements:
        reasons.update(dict.fromkeys(unsafe_reasons(statement, known)))
    return MigrationSafety(name, not reasons, tuple(reasons))


def classify_migrations(migrations: Mapping[str, str]) -> list[MigrationSafety]:
    """Judge several, by name and SQL, in the order in which Prisma applies them: by name.

    Each is judged by itself: after the first, code of before is still the code before them all.
    """
    return [classify_migration(name, migrations[name]) for name in sorted(migrations)]
