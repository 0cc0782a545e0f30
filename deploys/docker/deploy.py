"""The Docker engine and Compose, and the daemon's settings."""

from typing import Any

from pyinfra.api.deploy import deploy

from bunker.distributions import distribution
from bunker.errors import BunkerError, Problems, refuse
from bunker.fleet.models import Host
from bunker.ops.context import current_system
from bunker.ops.packages import install_packages
from bunker.ops.place import place_components, read_components
from bunker.ops.recorder import recorder
from deploys.docker import ROLE
from deploys.docker.components import (
    docker_source_components,
    missing_docker_packages,
)
from deploys.docker.daemon import daemon_component, kept_keys, whole_settings
from deploys.docker.forwarding import foreign_accepts, forwarding_problems
from deploys.docker.past import DAEMON_JSON, EngineState


@deploy("docker")
def docker(host: Host) -> None:
    """Declare the engine of one host: where packages come from, packages, then settings."""
    system = current_system()
    release = distribution(system.os_release)
    engine = system.engine
    settings = _check_past(host, engine)
    sources = docker_source_components(release, system.packages, engine)
    components = [daemon_component(host, release, engine, settings)]
    state = read_components([*sources, *components])
    place_components("docker", sources, state)
    missing = missing_docker_packages(host, release, system.packages)
    install_packages(ROLE, host, missing=missing)
    place_components("docker", components, state)


def _check_past(host: Host, engine: EngineState) -> dict[str, Any]:
    """The engine's settings; says what stays of one that is there, Problems where it cannot."""
    problems: list[BunkerError] = []
    settings: dict[str, Any] = {}
    trusted = host.base.trusted_interfaces
    if any("-A FORWARD -j DOCKER-USER" in rule for rule in engine.rules):
        problems += forwarding_problems(engine.rules, trusted)
    else:
        for rule in foreign_accepts(engine.rules, trusted):
            recorder().note("docker", f"the rule `iptables {rule}` forwards packets of its own")
    try:
        settings = whole_settings(host, engine)
    except Problems as error:
        problems += error.problems
    else:
        for key in kept_keys(host, settings):
            recorder().note("docker", f"{DAEMON_JSON} keeps its own key {key}")
    refuse("the engine that is there cannot be taken over as it is", problems)
    return settings
