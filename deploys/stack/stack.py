"""What a kind of Compose project adds to what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bunker.application.containers import containers_function
from bunker.application.layout import layout_function
from bunker.shell import script_file

if TYPE_CHECKING:
    from bunker.bundle import Bundle
    from bunker.errors import BunkerError
    from bunker.fleet.models import Host
    from bunker.masking import Secret
    from bunker.ops.instance import InstanceState

SHARED: Final = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class Phase:
    """One step between laying out the files and the gate. ``migrates``: only for other code."""

    name: str
    scripts: tuple[str, ...]
    migrates: bool = False


@dataclass(frozen=True)
class Stack:
    """A kind of Compose project.

    ``part`` is what a deploy is limited to where it brings its code. ``folder`` holds the scripts
    of this kind alone, among them those that the shared ones call: ``database``,
    ``database_state``, ``migrations``, ``pending``, ``snapshot``, ``restore``, ``swap``,
    ``reload``, ``up``, ``health``, ``logged``, ``downgrade``, and ``front_door`` (see
    :class:`bunker.applications.question.Question`). ``bundle`` renders the files that are placed.
    ``phases`` come after the files were switched. ``files`` are the Compose files of its code.
    ``check`` finds why it cannot be deployed as it is. ``rebuilt`` are services that other code may
    make anew, None for all. ``services`` are the known ones, in the order in which a plan names
    them; ``data`` of them are brought up before the others. ``probed``: visitors' requests are
    counted during an upgrade. ``migrates``: its code brings migrations of a database.
    """

    part: str
    folder: Path
    bundle: Callable[[Host, Mapping[str, Secret]], Bundle]
    phases: tuple[Phase, ...]
    files: Callable[[Host], Sequence[str]]
    check: Callable[[Host, InstanceState], Iterable[BunkerError]] = lambda _host, _instance: ()
    rebuilt: tuple[str, ...] | None = None
    services: tuple[str, ...] = ()
    data: frozenset[str] = field(default_factory=frozenset)
    probed: bool = False
    migrates: bool = False

    def scripts(self, *names: str) -> str:
        """The text of several scripts, one after the other; others stand on ``armed``."""
        text = "".join(script_file(self._file(name)) for name in names)
        if "common" in names:
            text = containers_function() + script_file(self._file("database_state")) + text
        return layout_function() + text if "armed" in names else text

    def _file(self, name: str) -> Path:
        own = self.folder / f"{name}.sh"
        return own if own.exists() else SHARED / f"{name}.sh"
