"""Applications of one host that would be in each other's way. Pure."""

import operator
from collections.abc import Iterator
from pathlib import PurePosixPath

from bunker.application.layout import MAIN
from bunker.applications.of_host import Application, applications_of
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.fleet.yaml_file import Document


def collisions(host: Host, document: Document) -> Iterator[BunkerError]:
    """Folders that are the same or lie in each other, and projects that are the same."""
    if not host.applications:
        return
    if (main := host.applications.get(MAIN)) and main.kind != MAIN:
        place = document.place(("applications", MAIN, "kind"))
        text = f"applications.{MAIN} is of the kind {main.kind}"
        yield BunkerError(text, where=place, expected=f"another name, or the kind {MAIN}")
        return
    before: list[Application] = []
    for one in applications_of(host):
        for other in before:
            for key, collide in (("directory", _overlap), ("project", operator.eq)):
                value, taken = getattr(one.settings, key), getattr(other.settings, key)
                if collide(value, taken):
                    path = (*one.path, key)
                    yield BunkerError(
                        f"{'.'.join(path)} is {value}, and that of {other.name} is {taken}",
                        where=document.place(path),
                        expected=f"a {key} of its own",
                    )
        before.append(one)


def _overlap(one: str, other: str) -> bool:
    here, there = PurePosixPath(one), PurePosixPath(other)
    return here.is_relative_to(there) or there.is_relative_to(here)
