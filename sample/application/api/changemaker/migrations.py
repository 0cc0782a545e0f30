"""Migrations as Prisma's ``migrate deploy`` runs them; the pure part, without a database.

A migration is a folder ``<timestamp>_<name>`` with a ``migration.sql``. Those applied stand in
``_prisma_migrations``; one that failed leaves a row without ``finished_at`` and blocks all others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

TABLE = """
CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                  VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"            VARCHAR(64) NOT NULL,
    "finished_at"         TIMESTAMPTZ,
    "migration_name"      VARCHAR(255) NOT NULL,
    "logs"                TEXT,
    "rolled_back_at"      TIMESTAMPTZ,
    "started_at"          TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)
"""


@dataclass(frozen=True)
class Migration:
    """One migration of the folder."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, as Prisma records it."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True)
class Recorded:
    """One row of ``_prisma_migrations``."""

    name: str
    checksum: str
    started_at: datetime
    finished_at: datetime | None
    rolled_back_at: datetime | None

    @property
    def applied(self) -> bool:
        """Finished, and not taken back."""
        return self.finished_at is not None and self.rolled_back_at is None

    @property
    def failed(self) -> bool:
        """Began, did not finish, and nobody has resolved it."""
        return self.finished_at is None and self.rolled_back_at is None


@dataclass(frozen=True)
class Comparison:
    """What the folder and the table say together, each in the folder's (or table's) order."""

    pending: tuple[Migration, ...]
    failed: tuple[Recorded, ...]
    edited: tuple[str, ...]
    unknown: tuple[str, ...]


def read_folder(folder: Path) -> list[Migration]:
    """All migrations, in the order of their names; raises OSError for one without its file."""
    places = sorted(place for place in folder.iterdir() if place.is_dir())
    return [Migration(place.name, (place / "migration.sql").read_text()) for place in places]


def compare(migrations: Sequence[Migration], recorded: Sequence[Recorded]) -> Comparison:
    """Which migrations are pending, failed, edited after they were applied, or not ours."""
    applied = {row.name: row for row in recorded if row.applied}
    known = {migration.name for migration in migrations}
    return Comparison(
        pending=tuple(one for one in migrations if one.name not in applied),
        failed=tuple(row for row in recorded if row.failed),
        edited=tuple(
            one.name
            for one in migrations
            if one.name in applied and applied[one.name].checksum != one.checksum
        ),
        unknown=tuple(name for name in applied if name not in known),
    )
