"""Which secrets the vault of a host may hold: those of its roles and of its applications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bunker.application.layout import prefix_of
from bunker.applications.of_host import applications_of, rooms_of
from bunker.role import named
from bunker.secrets.catalog import SecretSpec, Spec
from bunker.vault_text import INFRASTRUCTURE_SECRETS

if TYPE_CHECKING:
    from bunker.fleet.models import Host
    from bunker.role import Role


def specs_of(host: Host) -> tuple[SecretSpec, ...]:
    """All secrets of a host by the names that they have in its vault, each once."""
    found: dict[str, SecretSpec] = {}
    for role, view in rooms_of(host):
        prefix = prefix_of(view.application.name)
        for spec in specs_of_room(role, view):
            key = prefix + spec.key
            found.setdefault(key, Spec(key, spec.length, spec.alphabet, spec.generated))
        if prefix:
            found |= {prefix + key: Spec(prefix + key) for key in INFRASTRUCTURE_SECRETS}
    return tuple(found.values())


def handed_out(host: Host) -> tuple[str, ...]:
    """Names in its vault of those that its entries name: it needs them, and nothing makes them."""
    return tuple(
        prefix_of(one.name) + key
        for one in applications_of(host)
        for key in one.settings.own_secrets
    )


def specs_of_room(role: Role, view: Host) -> Iterator[SecretSpec]:
    """The secrets of one role, or of one application, by the names that it has for them."""
    if role.secrets:
        yield from named(role.secrets)
    if role.port:
        yield from map(Spec, view.application.own_secrets)
