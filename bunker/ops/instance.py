"""What an instance runs right now: commit, services, containers, marks of an unfinished change."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bunker.answers import UnreadableAnswer, line, whole
from bunker.application.containers import Container, containers_function, read_containers
from bunker.application.generation import read_generation
from bunker.application.layout import Layout, layout_function, read_layout
from bunker.ops.facts import Answer, boot_function, read_boot
from bunker.shell import script_file, with_variables
from deploys.changemaker.database import Database, read_database
from deploys.stack.folder import Folder, read_folder
from deploys.stack.space import Space, read_space

_SCRIPTS: Final = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class InstanceState:
    """An instance as its host describes it; empty parts mean that nothing is there yet."""

    engine: str
    head: str
    edited: tuple[str, ...]
    services: tuple[str, ...]
    containers: tuple[Container, ...]
    migrated_commit: str
    built_commit: str
    seed_pending: bool
    generation: Mapping[str, Any] | None
    layout: Layout
    applied: str = ""
    """Fingerprint of the bundle that was placed last and passed its gate."""
    older: bool = False
    """Whether the wanted commit is an ancestor of the one that runs."""
    token: str = ""
    """Changes when the host rolls back by itself: newest generation and attempts to roll back."""
    armed: bool = False
    """Whether an upgrade was begun that has neither ended nor been rolled back."""
    folder: Folder = field(default_factory=Folder)
    database: Database = field(default_factory=Database)
    space: Space = field(default_factory=Space)
    boot: Mapping[str, Any] = field(default_factory=dict)
    """Which boot of the host this is, and since when; see :func:`bunker.ops.facts.read_boot`."""
    egress: frozenset[tuple[str, int]] | None = None
    """What the host's firewall lets containers reach: protocol and port. None: not known."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Services that should run and have no container that is fine."""
        fine = {container.service for container in self.containers if container.fine}
        return tuple(service for service in self.services if service not in fine)


def read_instance(found: Mapping[str, Sequence[str]]) -> InstanceState:
    """The instance by the sections of an answer. Raises LookupError or UnreadableAnswer."""

    def first(name: str) -> str:
        return next((row.strip() for row in found.get(name, ()) if row.strip()), "")

    generation = "\n".join(found["generation"]).strip()
    return InstanceState(
        engine=first("engine"),
        head=_commit(first("head"), "the commit of its checkout"),
        edited=tuple(row for row in found.get("edited", ()) if row.strip()),
        services=tuple(sorted(row for row in found.get("services", ()) if row)),
        containers=read_containers(found["containers"]),
        migrated_commit=first("migrated"),
        built_commit=first("built"),
        seed_pending=first("seed") == "yes",
        generation=read_generation(generation) if generation else None,
        layout=read_layout(found["layout"]),
        applied=first("configuration"),
        older=first("older") == "yes",
        token=line(first("token"), "its token"),
        armed=first("armed") == "yes",
        folder=read_folder(found["place"]),
        database=read_database(found.get("database", ())),
        space=read_space(found.get("space", ())),
        boot=read_boot(found.get("boot", ())),
        egress=_egress(found.get("egress", ())),
    )


class Instance(Answer[InstanceState]):
    """One remote command for everything that the roles of applications decide on.

    ``functions`` tell of its database, and which files of its checkout are none that are placed;
    those have the paths ``placed``.
    """

    about = "its instance"
    read = staticmethod(read_instance)

    def command(  # type: ignore[override]
        self,
        app: str,
        directory: str,
        project: str,
        owner: str,
        *,
        functions: str,
        placed: str,
        wanted: str = "",
    ) -> str:
        return with_variables(
            layout_function()
            + containers_function()
            + boot_function()
            + functions
            + script_file(_SCRIPTS / "instance.sh"),
            APP_NAME=app,
            DIRECTORY=directory,
            PROJECT=project,
            OWNER=owner,
            PLACED=placed,
            WANTED=wanted,
        )


def _commit(text: str, what: str) -> str:
    if not re.fullmatch(r"(?:[0-9a-f]{40,64})?", text):
        raise UnreadableAnswer(f"{what} is none of git's")
    return text


def _egress(lines: Iterable[str]) -> frozenset[tuple[str, int]] | None:
    rows = [row.split() for row in lines if row.strip()]
    if not rows:
        return None
    if any(len(row) != 2 for row in rows):
        raise UnreadableAnswer("what its firewall lets through is told in another form")
    return frozenset((row[0], whole(row[1], "a port", most=65535)) for row in rows)
