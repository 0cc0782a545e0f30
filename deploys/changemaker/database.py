"""The database of an instance as its host tells of it: a lost one stops the plan. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bunker.answers import by_key, whole
from bunker.application.layout import Layout
from bunker.errors import BunkerError
from bunker.fleet.models import Host

NAMED: Final = 3


@dataclass(frozen=True)
class Database:
    """``size_kb`` is None where it is not up. ``gone`` says why the database of the last generation
    is not there any more; ``elsewhere`` and ``snapshots`` are what there is instead. ``new`` is
    what stands in the mark, "" where there is none.
    """

    size_kb: int | None = None
    gone: str = ""
    elsewhere: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    new: str = ""


def read_database(lines: Sequence[str]) -> Database:
    """The database by the lines ``KEY VALUE`` of a host's answer. Raises UnreadableAnswer."""
    found = by_key(line.strip() for line in lines)
    _, _, size = found.get("state", [""])[0].partition(" ")
    return Database(
        size_kb=whole(size, "the size of its database") if size else None,
        gone=found.get("gone", [""])[0],
        elsewhere=tuple(found.get("elsewhere", ())),
        snapshots=tuple(found.get("snapshot", ())),
        new=(found["new"][0] or "empty") if "new" in found else "",
    )


def check_database(
    host: Host, database: Database, generation: Mapping[str, Any] | None, layout: Layout
) -> Iterator[BunkerError]:
    """Why nothing may be started: it would make a new, empty database in silence."""
    if not database.gone or generation is None:
        return
    volumes = [
        f"{name} (of {project})" if project else name
        for name, _, project in (line.partition(" ") for line in database.elsewhere[:NAMED])
    ]
    snapshots = ", ".join(database.snapshots[:NAMED]) or "none"
    text = (
        f"the database that generation {generation.get('number')} ran on is gone:"
        f" {database.gone}; volumes that hold one: {', '.join(volumes) or 'none'};"
        f" snapshots below {layout.snapshots}: {snapshots}"
    )
    wanted = database.snapshots[0] if database.snapshots else "empty"
    yield BunkerError(
        text,
        where=host.name,
        expected="the database of before",
        remedy="Put the volume back (another project name, or the engine's data in another"
        " place, hide it); or say that a new database is meant, with the data of a snapshot or"
        f" empty: echo {wanted} | sudo tee {layout.mark}",
    )
