"""Which database migrations let the code of before go on working: is older code alone enough?

A rollback to the code of before is only right when every migration applied since leaves it a
database that it can read and write. That is decided here from the migrations' SQL, before it is
applied, by Postgres' own parser and a list of what is known to be harmless:

- new tables, types, sequences, known extensions, views, indexes that refuse no value, comments;
- rows of new tables;
- a new column that may be NULL, or that has a plain default (a literal, ``now()``, a new UUID),
  and filling it;
- rules (unique, foreign key, check, required) on new tables, and unique and foreign keys on
  columns that the code of before leaves NULL;
- dropping an index that the migrations before made without UNIQUE.

The migrations before, which the database has already, are read as history: an upgrade, a rollback
and ``schema.check --ref`` give all of them, or none where one is not known. Without them nothing is
known of what was there, and dropping an older index is unsafe.

New is what any migration that is classified together with it made. Everything else is unsafe, what
is not understood included. A new value of an enum that was there is unsafe: a client that does not
know it fails on the first row that has it. So is a foreign key to a table of before that would keep
the code of before from deleting or changing rows there, once newer code has written rows.

What is not seen: triggers of before that a filled column wakes, where the history is not known;
names that become ambiguous in SQL that names no tables, TRUNCATE by code of before, values too long
for an index.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bunker.application.schema_model import StatementSafety
from bunker.role import named

SQL_GONE: Final = (
    "what it does is not known: its SQL is in no commit that is kept here, or too long"
)


@dataclass(frozen=True)
class MigrationSafety:
    """The verdict on one migration.

    name: the migration's folder, as ``_prisma_migrations`` has it. safe: code of before goes on
    working after it. reasons: why not, each in an operator's words ("drops column
    campaigns.description"), in the order of the statements and each once; empty where safe.
    """

    name: str
    safe: bool
    reasons: tuple[str, ...]
    statements: tuple[StatementSafety, ...] = ()


def classify_migrations(
    migrations: Mapping[str, str], history: Iterable[str] = ()
) -> list[MigrationSafety]:
    """Classify several, by name and SQL, in the order in which Prisma applies them: by name.

    What an earlier one made is new to the code of before for the later ones, too. ``history`` is
    the SQL of the migrations before, oldest first. Never fails: what cannot be read is unsafe.
    """
    # Named: it loads Postgres' parser, which few commands need.
    classify_statements = named("bunker.application.schema_statements:classify_statements")
    known = named("bunker.application.schema_statements:known_from")(history)
    classified = []
    for name in sorted(migrations):
        statements = tuple(classify_statements(migrations[name], known))
        reasons = tuple(dict.fromkeys(reason for one in statements for reason in one.reasons))
        classified.append(MigrationSafety(name, not reasons, reasons, statements))
    return classified


def classify_with_history(
    names: Iterable[str], before: Iterable[str], sql: Mapping[str, str]
) -> list[MigrationSafety]:
    """Classify the migrations ``names``, where the database has those of ``before``.

    ``sql`` is whatever is known of both. One whose SQL is not known is unsafe; where that of one of
    before is not known, all are classified as without any.
    """
    names, before = list(names), sorted(set(before))
    complete = all(name in sql for name in before)
    history = [sql[name] for name in before] if complete else []
    known = {name: sql[name] for name in names if name in sql}
    gone = [MigrationSafety(name, False, (SQL_GONE,)) for name in names if name not in sql]
    return [*classify_migrations(known, history), *gone]
