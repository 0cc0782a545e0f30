"""Applications of one host that would be in each other's way. Pure."""

import operator
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from bunker.application.layout import MAIN
from bunker.applications.of_host import Application, applications_of
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.fleet.yaml_file import Document
from bunker.role import named
from deploys.roles import KINDS


def collisions(host: Host, document: Document) -> Iterator[BunkerError]:
    """Folders that are the same or lie in each other, the same projects, and the same ports."""
    if not host.applications:
        return
    if (main := host.applications.get(MAIN)) and main.kind != MAIN:
        place = document.place(("applications", MAIN, "kind"))
        text = f"applications.{MAIN} is of the kind {main.kind}"
        yield BunkerError(text, where=place, expected=f"another name, or the kind {MAIN}")
        return
    for name, entry in host.applications.items():
        for role in KINDS[entry.kind].needs:
            if host.roles.enabled(role) is False:
                yield BunkerError(
                    f"roles.{role} is false, and the application {name} needs it",
                    where=document.place(("roles", role)),
                    remedy="Remove the one or the other",
                )
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
    yield from _ports(host, document)


def domains(host: Host) -> Iterator[tuple[tuple[str, ...], str]]:
    """The host's domain, and those that its applications say for themselves, by where they stand.

    The first application of those that have one may have the host's.
    """
    yield ("domain",), host.domain
    found = (one for one in applications_of(host) if one.name == MAIN or _own_domain(one))
    for number, one in enumerate(found):
        own = _own_domain(one)
        if own and (number or own != host.domain):
            yield (*one.path, "domain"), own


def _own_domain(one: Application) -> str:
    return getattr(one.settings, "domain", None) or ""


def _ports(host: Host, document: Document) -> Iterator[BunkerError]:
    """One sentence for each two that take the same ports on the host."""
    taken = {host.base.ssh_listen_port or host.port: "sshd"}
    for one in applications_of(host):
        ports: Mapping[int, str] = named(one.kind.port.ports)(one.host) if one.kind.port else {}
        by_other: dict[str, list[int]] = {}
        for port in ports:
            other = taken.setdefault(port, one.name)
            if other != one.name:
                by_other.setdefault(other, []).append(port)
        where = one.path if one.name in host.applications else ()
        for other, same in by_other.items():
            listed = ", ".join(f"{port} ({ports[port]})" for port in same)
            yield BunkerError(
                f"{one.name} takes port{'s' * (len(same) > 1)} {listed}, as {other} does",
                where=document.place((*where, *ports[same[0]].split("."))),
                expected="each port of the host once",
            )


def _overlap(one: str, other: str) -> bool:
    here, there = PurePosixPath(one), PurePosixPath(other)
    return here.is_relative_to(there) or there.is_relative_to(here)
