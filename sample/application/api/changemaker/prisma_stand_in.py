"""A stand-in for Prisma's command line: ``migrate deploy|status|resolve`` and ``db seed``.

It keeps the table, the codes (P1001, P3005, P3009, P3018) and the exit codes of the original, and
sends each migration as one script without a transaction of its own, as the original does on
Postgres: a script that commits in between can fail half-way.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from changemaker import seed
from changemaker.migrations import TABLE, Migration, Recorded, compare, read_folder
from changemaker.settings import database_url

FOLDER = Path(__file__).resolve().parent.parent / "prisma" / "migrations"
# The lock of the original: two of us never migrate at once.
LOCK = 72707369
LOCK_MILLISECONDS = 10000


class CommandError(Exception):
    """Ends the command with exit code 1."""


def say(text: str) -> None:
    """One line of output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def connected() -> Iterator[Any]:
    """A connection that commits each statement by itself."""
    text = os.environ.get("DATABASE_URL", "")
    if not text:
        raise CommandError("Error: Environment variable not found: DATABASE_URL.")
    try:
        connection = psycopg.connect(database_url(text), autocommit=True, connect_timeout=10)
    except (psycopg.OperationalError, ValueError) as error:
        # The driver's message names host and user, never the password.
        raise CommandError(f"Error: P1001: Can't reach the database server\n{error}") from None
    with connection:
        yield connection


def recorded(connection: Any) -> list[Recorded]:
    """The rows of ``_prisma_migrations``; none where the table is not there."""
    if not connection.execute("SELECT to_regclass('_prisma_migrations')").fetchone()[0]:
        return []
    query = (
        "SELECT migration_name, checksum, started_at, finished_at, rolled_back_at"
        " FROM _prisma_migrations ORDER BY started_at, migration_name"
    )
    return [Recorded(*row) for row in connection.execute(query).fetchall()]


def deploy(_: argparse.Namespace) -> None:
    """Apply what is pending, one after the other; stop at the first that fails."""
    migrations = read_folder(FOLDER)
    with connected() as connection:
        connection.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
        try:
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        except psycopg.errors.LockNotAvailable:
            raise CommandError("Error: P1002: another migration holds the lock") from None
        connection.execute("SET lock_timeout = 0")
        prepare(connection)
        found = compare(migrations, recorded(connection))
        say(f"{len(migrations)} migrations found in prisma/migrations")
        for name in found.edited:
            say(f"WARNING The migration `{name}` was modified after it was applied.")
        if found.failed:
            raise CommandError(blocked(found.failed))
        if not found.pending:
            say("\nNo pending migrations to apply.")
            return
        for migration in found.pending:
            say(f"Applying migration `{migration.name}`")
            apply(connection, migration)
        say("\nThe following migration(s) have been applied:\n\nmigrations/")
        for migration in found.pending:
            say(f"  └─ {migration.name}/\n    └─ migration.sql")
        say("\nAll migrations have been successfully applied.")


def prepare(connection: Any) -> None:
    """Make the table of migrations; refuse a schema that was filled by other means."""
    if connection.execute("SELECT to_regclass('_prisma_migrations')").fetchone()[0]:
        return
    query = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
    if connection.execute(query).fetchone()[0]:
        raise CommandError("Error: P3005: The database schema is not empty.")
    connection.execute(TABLE)


def blocked(failed: tuple[Recorded, ...]) -> str:
    """Why nothing is applied while a failed migration stands."""
    lines = [
        "Error: P3009",
        "",
        "migrate found failed migrations in the target database, new migrations will not be"
        " applied.",
    ]
    for row in failed:
        lines.append(f"The `{row.name}` migration started at {row.started_at} failed")
    return "\n".join(lines)


def apply(connection: Any, migration: Migration) -> None:
    """Record the start, run the script, record the end; a failure leaves the row unfinished."""
    identity = str(uuid.uuid4())
    connection.execute(
        "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (%s, %s, %s)",
        (identity, migration.checksum, migration.name),
    )
    try:
        connection.execute(migration.sql)
    except psycopg.Error as error:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.execute("ROLLBACK")
        told = f"Database error code: {error.sqlstate}\n\nDatabase error:\n{error}"
        connection.execute(
            "UPDATE _prisma_migrations SET logs = %s WHERE id = %s", (told, identity)
        )
        raise CommandError(
            "Error: P3018\n\nA migration failed to apply. New migrations cannot be applied before"
            f" the error is recovered from.\n\nMigration name: {migration.name}\n\n{told}"
        ) from None
    connection.execute(
        "UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = %s",
        (identity,),
    )


def status(_: argparse.Namespace) -> None:
    """Say what is pending or failed; exit code 1 where anything is."""
    with connected() as connection:
        found = compare(read_folder(FOLDER), recorded(connection))
    for row in found.failed:
        say(f"Failed: {row.name}")
    for migration in found.pending:
        say(f"Not yet applied: {migration.name}")
    for name in found.unknown:
        say(f"Applied, and not in prisma/migrations: {name}")
    if found.failed or found.pending:
        raise CommandError("The database schema is not up to date.")
    say("Database schema is up to date!")


def resolve(arguments: argparse.Namespace) -> None:
    """Mark a failed migration as rolled back (it runs again) or as applied."""
    name = arguments.rolled_back or arguments.applied
    column = "rolled_back_at" if arguments.rolled_back else "finished_at"
    with connected() as connection:
        done = connection.execute(
            f"UPDATE _prisma_migrations SET {column} = now()"  # noqa: S608 - one of two columns
            " WHERE migration_name = %s AND finished_at IS NULL AND rolled_back_at IS NULL",
            (name,),
        )
        if not done.rowcount:
            raise CommandError(f"Error: P3012: Migration `{name}` is not in a failed state.")
    say(f"Migration {name} marked as {'rolled back' if arguments.rolled_back else 'applied'}.")


def run_seed(_: argparse.Namespace) -> None:
    """Fill an empty database."""
    with connected() as connection:
        say(seed.run(connection))


def main(arguments: list[str]) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="npx prisma", description=__doc__)
    groups = parser.add_subparsers(required=True)
    migrate = groups.add_parser("migrate").add_subparsers(required=True)
    migrate.add_parser("deploy").set_defaults(run=deploy)
    migrate.add_parser("status").set_defaults(run=status)
    mark = migrate.add_parser("resolve")
    choice = mark.add_mutually_exclusive_group(required=True)
    choice.add_argument("--rolled-back")
    choice.add_argument("--applied")
    mark.set_defaults(run=resolve)
    groups.add_parser("db").add_subparsers(required=True).add_parser("seed").set_defaults(
        run=run_seed
    )
    chosen = parser.parse_args(arguments)
    say("(a stand-in for Prisma's command line)")
    try:
        chosen.run(chosen)
    except (CommandError, seed.SeedError) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
