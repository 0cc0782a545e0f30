"""``docker-compose.override.yml``: what this host limits, beside the application's own file.

Small on purpose. Log limits are the engine's (daemon.json), published ports are closed by the
host's firewall rules, so that the application's Compose file runs as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bunker.application.services import SERVICES, SERVICES_BY_NAME
from bunker.bundle import BundleFile
from bunker.errors import BunkerError, refuse
from bunker.suggest import perhaps

if TYPE_CHECKING:
    from bunker.fleet.models import Host
    from bunker.values import ResourceLimit

FILE_NAME = "docker-compose.override.yml"


def override_file(host: Host) -> BundleFile:
    """The override with the host's resource limits; without any it is there and changes nothing.

    A named service's ``mem_limit`` and ``cpus`` in the application's own file no longer count; its
    ``deploy.resources.limits`` are replaced one by one. Services without a limit are not named: an
    override that names a service which the checked-out Compose file lacks makes the whole project
    invalid. Raises :class:`Problems` for limits of services that the application does not have and
    for limits that limit nothing.
    """
    refuse(f"the resource limits of {host.name} are not usable", _problems(host))
    lines = [
        f"# Made by Bunker Ops for host {host.name}. Do not edit: the next deploy overwrites it.",
        "# Limits: `resources` in the host's file of the inventory.",
    ]
    limited = [row.name for row in SERVICES if row.name in host.resources]
    lines.append("services:" if limited else "services: {}")
    for name in limited:
        # Compose refuses both spellings of a limit at once, and cannot say which one the
        # application's file will use: the older one is taken away (needs Compose 2.24).
        lines += [f"  {name}:", "    mem_limit: !reset null", "    cpus: !reset null"]
        lines += ["    deploy:", "      resources:", "        limits:"]
        lines += [f"          {line}" for line in _limits(host.resources[name])]
    return BundleFile(
        path=f"{host.application.directory}/{FILE_NAME}",
        content=("\n".join(lines) + "\n").encode(),
        mode=0o644,
        owner=host.user,
    )


def _limits(limit: ResourceLimit) -> list[str]:
    lines = []
    if limit.cpus is not None:
        lines.append(f"cpus: {json.dumps(f'{limit.cpus:g}')}")
    if limit.memory is not None:
        lines.append(f"memory: {limit.memory}")
    return lines


def _problems(host: Host) -> Iterator[BunkerError]:
    where = f"host file of {host.name}"
    for name, limit in host.resources.items():
        if name not in SERVICES_BY_NAME:
            yield BunkerError(
                f"resources: {name!r} is not a service of the application",
                where=where,
                expected="a Compose service",
                remedy=perhaps(name, SERVICES_BY_NAME),
            )
        elif limit.cpus is None and limit.memory is None:
            yield BunkerError(
                f"resources: {name} has no limit",
                where=where,
                expected="memory (such as 512m), cpus (such as 0.5) or both",
            )
