"""The operating system of every host: packages, clock, logins, firewall, updates, logs."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from bunker.distributions import distribution
from bunker.fleet.models import Host
from bunker.ops.context import current_system
from bunker.ops.packages import install_packages
from bunker.ops.place import place_components, read_components
from bunker.roles.base import base_components, base_packages
from bunker.roles.docker import docker_packages


@deploy("base")
def base(host: Host) -> None:
    """Declare the operating system of one host."""
    system = current_system()
    release = distribution(system.os_release)
    components = base_components(host, release)
    state = read_components(components)
    engine = docker_packages(release, system.packages)
    install_packages("base", base_packages(host, release), system, needed=engine)
    place_components("base", components, state)
