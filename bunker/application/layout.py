"""Where the state of an application is on its host: one folder for each, by the name it has."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bunker.answers import by_key, line
from bunker.shell import script_file

MAIN: Final = "changemaker"
"""The name of the application that ``application:``, the short form, speaks of."""
SEPARATOR: Final = "__"
"""Between the name of another application and that of one of its secrets."""
_SCRIPT: Final = Path(__file__).parent / "layout.sh"


@dataclass(frozen=True)
class Layout:
    """Where a host has the state of an application, by its own answer.

    ``kept`` holds marks and patches, ``snapshots`` copies of the database. ``unmoved`` is what
    stands where an older release had it. With the place that it would go to: ``twice`` is what
    stands there as well, ``fixed`` what cannot be renamed.
    """

    kept: str = f"/var/lib/bunker/apps/{MAIN}/state"
    snapshots: str = f"/var/lib/bunker/apps/{MAIN}/snapshots"
    unmoved: tuple[str, ...] = ()
    twice: tuple[tuple[str, str], ...] = ()
    fixed: tuple[tuple[str, str], ...] = ()

    @property
    def mark(self) -> str:
        """Tells the host that a new database is meant: "empty", or the snapshot for it."""
        return f"{self.kept}/new-database"


def app_folder(name: str) -> str:
    """The folder of an application's state."""
    return f"/var/lib/bunker/apps/{name}"


def prefix_of(name: str) -> str:
    """What the names of an application's secrets begin with."""
    return "" if name == MAIN else name.upper().replace("-", "_") + SEPARATOR


def layout_function() -> str:
    """Sets APP, UPGRADE, GENERATIONS, SNAPSHOTS, KEPT, APPLIED and PROBE from $APP_NAME.

    A host whose state an older release left at other places has them there until it is moved.
    """
    return script_file(_SCRIPT)


def located(name: str) -> str:
    """The same, with the name in front."""
    return f"APP_NAME={shlex.quote(name)}\n{layout_function()}"


def read_layout(lines: Sequence[str]) -> Layout:
    """The layout by the lines ``KEY VALUE`` of a host's answer. Raises LookupError, ValueError."""
    found = by_key(line(row, "a place of its state") for row in lines)

    def pairs(key: str) -> tuple[tuple[str, str], ...]:
        return tuple(
            (old, new) for old, _, new in (row.partition(" ") for row in found.get(key, ()))
        )

    return Layout(
        kept=found["state"][0],
        snapshots=found["snapshots"][0],
        unmoved=tuple(found.get("unmoved", ())),
        twice=pairs("twice"),
        fixed=pairs("fixed"),
    )
