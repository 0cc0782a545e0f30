"""The Docker engine and Compose, and the daemon's settings."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from bunker.distributions import distribution
from bunker.fleet.models import Host
from bunker.ops.context import current_system
from bunker.ops.packages import install_packages
from bunker.ops.place import place_components, read_components
from bunker.roles.docker import docker_components, docker_packages, docker_source_components


@deploy("docker")
def docker(host: Host) -> None:
    """Declare the engine of one host: where packages come from, packages, then settings."""
    system = current_system()
    release = distribution(system.os_release)
    sources = docker_source_components(release)
    settings = docker_components(host, release)
    state = read_components([*sources, *settings])
    place_components("docker", sources, state)
    install_packages("docker", docker_packages(host, release), system)
    place_components("docker", settings, state)
