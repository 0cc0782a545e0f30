"""What an instance runs right now: commit, services, containers, marks of an unfinished change."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pyinfra.api import FactBase

from bunker.application.containers import Container, containers_function, read_containers
from bunker.ops.facts import boot_function, read_boot, sections
from bunker.roles.changemaker.database import Database, read_database
from bunker.roles.changemaker.folder import Folder, read_folder
from bunker.roles.changemaker.space import Space, read_space
from bunker.shell import script_file, with_variables

_SCRIPTS: Final = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class InstanceState:
    """An instance as its host describes it; empty parts mean that nothing is there yet."""

    engine: str
    head: str
    edited: tuple[str, ...]
    compose_text: str
    services: tuple[str, ...]
    containers: tuple[Container, ...]
    migrated_commit: str
    built_commit: str
    seed_pending: bool
    generation: Mapping[str, Any] | None
    token: str = ""
    """Changes when the host goes back by itself: newest generation and attempts to go back."""
    armed: bool = False
    """Whether an upgrade was begun that has neither ended nor gone back."""
    folder: Folder = field(default_factory=Folder)
    database: Database = field(default_factory=Database)
    space: Space = field(default_factory=Space)
    boot: Mapping[str, Any] = field(default_factory=dict)
    """Which boot of the host this is, and since when; see :func:`bunker.ops.facts.read_boot`."""
    egress: frozenset[tuple[str, int]] | None = None
    """What the host's firewall lets containers reach: protocol and port. None: nobody knows."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Services that should run and have no container that is fine."""
        fine = {container.service for container in self.containers if container.fine}
        return tuple(service for service in self.services if service not in fine)


def database_function() -> str:
    """The shell functions that tell of the instance's database, ``database_gone`` among them."""
    return script_file(_SCRIPTS / "database.sh")


class Instance(FactBase[InstanceState]):
    """One remote command for everything that the changemaker role decides on."""

    def command(self, directory: str, project: str, owner: str) -> str:  # type: ignore[override]
        return with_variables(
            containers_function()
            + boot_function()
            + database_function()
            + script_file(_SCRIPTS / "instance.sh"),
            DIRECTORY=directory,
            PROJECT=project,
            OWNER=owner,
        )

    def process(self, output: list[str]) -> InstanceState:
        found = sections(output)

        def first(name: str) -> str:
            return next((line.strip() for line in found.get(name, ()) if line.strip()), "")

        generation = "\n".join(found["generation"]).strip()
        return InstanceState(
            engine=first("engine"),
            head=first("head"),
            edited=tuple(line for line in found.get("edited", ()) if line.strip()),
            compose_text=base64.b64decode("".join(found.get("compose", ()))).decode(),
            services=tuple(sorted(line for line in found.get("services", ()) if line)),
            containers=read_containers(found["containers"]),
            migrated_commit=first("migrated"),
            built_commit=first("built"),
            seed_pending=first("seed") == "yes",
            generation=json.loads(generation) if generation else None,
            token=first("token"),
            armed=first("armed") == "yes",
            folder=read_folder(found["place"]),
            database=read_database(found.get("database", ())),
            space=read_space(found.get("space", ())),
            boot=read_boot(found.get("boot", ())),
            egress=_egress(found.get("egress", ())),
        )


def _egress(lines: Iterable[str]) -> frozenset[tuple[str, int]] | None:
    rows = [line.split() for line in lines]
    return frozenset((row[0], int(row[1])) for row in rows if len(row) == 2) if rows else None
