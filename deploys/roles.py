"""The roles, in the order in which a host gets them: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bunker.role import Role, named
from deploys import base, changemaker, docker, earlyoom

if TYPE_CHECKING:
    from bunker.distributions import Distribution
    from bunker.fleet.models import Host

ROLES: Final[tuple[Role, ...]] = (
    base.ROLE,
    earlyoom.ROLE,
    docker.ROLE,
    changemaker.ROLE,
)
TAGS: Final = tuple(tag for role in ROLES for tag in role.tags)


def roles_of(host: Host) -> tuple[Role, ...]:
    """The roles of a host: those of its groups, what its file says otherwise, and the kinds of the
    applications that it lists."""
    listed = {entry.kind for entry in host.applications.values()}
    return tuple(role for role in ROLES if role.name in listed or is_chosen(role, host))


def is_chosen(role: Role, host: Host) -> bool:
    """Whether a host has a role by its groups, unless its file says otherwise."""
    chosen = host.roles.enabled(role.name)
    return not {"all", *host.groups}.isdisjoint(role.groups) if chosen is None else chosen


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
