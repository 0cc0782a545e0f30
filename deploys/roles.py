"""The roles, in the order in which a host gets them: one line each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from bunker.role import Role, named
from deploys import base, changemaker, compose, docker, earlyoom

if TYPE_CHECKING:
    from bunker.distributions import Distribution
    from bunker.fleet.models import Host

ROLES: Final[tuple[Role, ...]] = (
    base.ROLE,
    earlyoom.ROLE,
    docker.ROLE,
    changemaker.ROLE,
    compose.ROLE,
)
TAGS: Final = tuple(tag for role in ROLES for tag in role.tags)
KINDS: Final[Mapping[str, Role]] = {role.name: role for role in ROLES if role.port}
"""Those that are kinds of application, by name."""


def roles_of(host: Host) -> tuple[Role, ...]:
    """The roles of a host: those of its groups, what its file says otherwise, the kinds of the
    applications that it lists, and what those need."""
    listed = {entry.kind for entry in host.applications.values()}
    needed: set[str] = set()
    found = []
    for role in reversed(ROLES):
        by_need = role.name in needed and host.roles.enabled(role.name) is None
        if role.name in listed or by_need or is_chosen(role, host):
            found.append(role)
            needed.update(role.needs)
    return tuple(reversed(found))


def is_chosen(role: Role, host: Host) -> bool:
    """Whether a host has a role by its groups, unless its file says otherwise."""
    chosen = host.roles.enabled(role.name)
    return not {"all", *host.groups}.isdisjoint(role.groups) if chosen is None else chosen


def roles_by_section(data: Collection[str], groups: Collection[str]) -> dict[str, bool]:
    """Roles that a host has by the keys of its own file, where no group of it gives it them."""
    return {
        role.name: True
        for role in ROLES
        if not set(role.sections).isdisjoint(data) and set(role.groups).isdisjoint(groups)
    }


def health_function(host: Host) -> str:
    """The shell function ``roles_health``: a line for each thing wrong with a role of the host."""
    checks = "".join(f"(set +e\n{role.health.strip()}\n:) 2>/dev/null\n" for role in roles_of(host))
    return f"roles_health() {{\n{checks}}}\n"


def needs_vault(host: Host) -> bool:
    """Whether a role or an application of the host needs secrets."""
    own = any(entry.own_secrets for entry in host.applications.values())
    return own or any(role.secrets for role in roles_of(host))


def may_have_vault(host: Host) -> bool:
    """Whether it needs secrets, or may have some: a key or a token for a git server."""
    return needs_vault(host) or any(entry.repository for entry in host.applications.values())


def packages_of(
    host: Host, distribution: Distribution, installed: Mapping[str, str]
) -> frozenset[str]:
    """What all roles of a host need, so that no one removes it for something else."""
    return frozenset(
        name
        for role in roles_of(host)
        if role.packages
        for name in named(role.packages)(host, distribution, installed)
    )
