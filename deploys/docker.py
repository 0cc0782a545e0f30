"""The Docker engine and Compose, and the daemon's settings."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from bunker.distributions import distribution
from bunker.errors import BunkerError, Problems
from bunker.fleet.models import Host
from bunker.ops.context import current_system
from bunker.ops.packages import install_packages
from bunker.ops.place import place_components, read_components
from bunker.ops.recorder import RECORDER
from bunker.roles.base import base_packages
from bunker.roles.docker import (
    docker_components,
    docker_packages,
    docker_source_components,
    missing_docker_packages,
)
from bunker.roles.docker.daemon import kept_keys
from bunker.roles.docker.forwarding import foreign_accepts, forwarding_problems
from bunker.roles.docker.past import DAEMON_JSON, EngineState, read_engine


@deploy("docker")
def docker(host: Host) -> None:
    """Declare the engine of one host: where packages come from, packages, then settings."""
    system = current_system()
    release = distribution(system.os_release)
    engine = read_engine(system.found)
    _check_past(host, engine)
    sources = docker_source_components(release, system.packages)
    settings = docker_components(host, release, engine)
    state = read_components([*sources, *settings])
    place_components("docker", sources, state)
    install_packages(
        "docker",
        docker_packages(release, system.packages),
        system,
        missing=missing_docker_packages(release, system.packages),
        needed=base_packages(host, release),
    )
    place_components("docker", settings, state)


def _check_past(host: Host, engine: EngineState) -> None:
    """Say what stays of an engine that is there; raise Problems where something cannot."""
    problems: list[BunkerError] = []
    trusted = host.base.trusted_interfaces
    if any("-A FORWARD -j DOCKER-USER" in rule for rule in engine.rules):
        problems += forwarding_problems(engine.rules, trusted)
    else:
        for rule in foreign_accepts(engine.rules, trusted):
            RECORDER.note("docker", f"the rule `iptables {rule}` forwards packets of its own")
    try:
        kept = kept_keys(host, engine)
    except Problems as error:
        problems += error.problems
    else:
        for key in kept:
            RECORDER.note("docker", f"{DAEMON_JSON} keeps its own key {key}")
    if problems:
        raise Problems("the engine that is there cannot be taken over as it is", problems)
