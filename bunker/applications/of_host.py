"""Which applications a host has, and the host as one of them sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from bunker.application.layout import MAIN, prefix_of
from bunker.applications.settings import ApplicationSettings
from bunker.errors import BunkerError
from bunker.suggest import perhaps
from bunker.vault_text import INFRASTRUCTURE_SECRETS
from deploys.roles import KINDS, is_chosen, roles_of

if TYPE_CHECKING:
    from bunker.fleet.models import Host
    from bunker.masking import Secret
    from bunker.role import Port, Role

    Given = TypeVar("Given")


@dataclass(frozen=True)
class Application:
    """One application. ``kind`` is its role.

    ``host`` is its host as it sees it: ``host.application`` are its settings, and domain, features,
    environment and resources are its own where its kind has them.
    """

    kind: Role
    host: Host

    @property
    def port(self) -> Port:
        """What its kind answers."""
        assert self.kind.port  # noqa: S101 - it would be no kind of application
        return self.kind.port

    @property
    def settings(self) -> ApplicationSettings:
        """What the host's file says of it."""
        return self.host.application

    @property
    def name(self) -> str:
        """Its name on the host."""
        return self.host.application.name

    @property
    def key(self) -> str:
        """Its name in the fleet: ``north-1`` for the one of the short form, ``north-1/wiki``."""
        return key_of(self.host.name, self.name)

    @property
    def path(self) -> tuple[str, ...]:
        """Where its settings stand in the host's file."""
        return path_of(self.host, self.name)


def key_of(host: str, name: str) -> str:
    """An application's name in the fleet."""
    return host if name == MAIN else f"{host}/{name}"


def path_of(host: Host, name: str) -> tuple[str, ...]:
    """Where an application's settings stand in a host's file."""
    return ("applications", name) if name in host.applications else ("application",)


def applications_of(host: Host) -> tuple[Application, ...]:
    """All applications of a host: the one of the short form first, the others by their names."""
    views: dict[str, Host] = {}
    if MAIN not in host.applications and is_chosen(KINDS[MAIN], host):
        views[MAIN] = host
    for name, entry in sorted(host.applications.items(), key=lambda item: item[0] != MAIN):
        own = {key: getattr(entry, key) for key in entry.OF_HOST}
        if own.get("domain") is None:
            own["domain"] = host.domain
        views[name] = host.model_copy(update={"application": entry, **own})
    return tuple(
        Application(KINDS[getattr(view.application, "kind", MAIN)], view) for view in views.values()
    )


def application_of(host: Host, name: str = "") -> Application:
    """One application of a host by its name; without one, the only one.

    Raises BunkerError where there is none, or where there are several and none was named.
    """
    found = {one.name: one for one in applications_of(host)}
    if name in found or (not name and len(found) == 1):
        return found[name] if name else next(iter(found.values()))
    if not found:
        raise BunkerError("the host has no application", where=host.name)
    names = ", ".join(found)
    if name:
        problem = f"the host has no application {name!r}"
        raise BunkerError(
            problem, where=host.name, expected=names, remedy=perhaps(name, found) or None
        )
    raise BunkerError(
        f"the host has {len(found)} applications",
        where=host.name,
        expected="the name of one of them",
        remedy=f"Name it with --app: {names}",
    )


def port_of(host: Host) -> Port:
    """What the kind of the application answers that this host is seen by."""
    return application_of(host, host.application.name).port


def options_for(host: Host) -> str:
    """What chooses the application that this host is seen by, on a command line."""
    several = len(applications_of(host)) > 1
    return f"--host {host.name}" + (f" --app {host.application.name}" if several else "")


def rooms_of(host: Host) -> Iterator[tuple[Role, Host]]:
    """The roles of a host in their order, each with the host as it sees it.

    A kind of application comes once for each of them.
    """
    applications = applications_of(host)
    for role in roles_of(host):
        if role.port:
            yield from ((role, one.host) for one in applications if one.kind is role)
        else:
            yield role, host


def secrets_of(host: Host, vault: Mapping[str, Secret]) -> Mapping[str, Secret]:
    """The secrets of the application that this host is seen by, from those of the whole host.

    Those of ``wiki`` are called ``WIKI__NAME`` there. A key or a token for a git server is the
    host's unless the application has its own.
    """
    if host.application.name == MAIN:
        return vault
    prefix = prefix_of(host.application.name)
    own = {
        key.removeprefix(prefix): value for key, value in vault.items() if key.startswith(prefix)
    }
    shared = {key: vault[key] for key in INFRASTRUCTURE_SECRETS if key in vault}
    return {**shared, **own}
