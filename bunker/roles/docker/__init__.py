"""The docker role: engine and Compose v2. Pure: what to place and how to activate it."""

from __future__ import annotations

from bunker.distributions import Distribution
from bunker.fleet.models import Host
from bunker.roles.component import Component
from bunker.roles.docker.compose_source import compose_source_component
from bunker.roles.docker.daemon import daemon_component


def docker_source_components(distribution: Distribution) -> list[Component]:
    """What has to be placed before :func:`docker_packages` are installed; mostly nothing."""
    source = compose_source_component(distribution)
    return [source] if source else []


def docker_packages(host: Host, distribution: Distribution) -> tuple[str, ...]:
    """Packages of the engine and Compose v2, sorted. ``host`` is there for roles' common form."""
    return tuple(sorted({*distribution.engine_packages, distribution.compose_package}))


def docker_components(host: Host, distribution: Distribution) -> list[Component]:
    """The components of the docker role, placed after its packages and after the firewall.

    The DOCKER-USER rules belong to the firewall component of the base role: they are loaded
    together with UFW's own.
    """
    return [daemon_component(host, distribution)]
