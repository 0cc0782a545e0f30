"""The engine's settings, and how to change them without stopping a container."""

import hashlib
import ipaddress
import json
from pathlib import Path
from typing import Any, Final

from bunker.bundle import Bundle, BundleFile, Component
from bunker.distributions import Distribution
from bunker.errors import BunkerError, refuse
from bunker.fleet.models import Host
from bunker.rendering import scripts
from deploys.docker.past import EngineState, engine_problems, own_settings

SCRIPTS = Path(__file__).parent / "scripts"
PATH: Final = "/etc/docker/daemon.json"
NETWORK_PREFIX: Final = 24
SMALLEST_POOL: Final = 28

RELOADABLE: Final = frozenset({"live-restore", "registry-mirrors", "insecure-registries"})
"""Settings that the engine takes over at a reload; every other one needs a restart."""


def daemon_settings(host: Host) -> dict[str, Any]:
    """What daemon.json has to say, whatever else is in it."""
    docker = host.docker
    pool = ipaddress.ip_network(docker.address_pool, strict=False)
    if pool.version != 4 or pool.prefixlen > SMALLEST_POOL:
        raise BunkerError(
            f"{docker.address_pool} cannot serve as the pool of container networks",
            where=f"{host.name}: docker.address_pool",
            expected="an IPv4 network of /28 or wider, such as 10.213.0.0/16",
        )
    settings: dict[str, Any] = {
        "default-address-pools": [
            {"base": str(pool), "size": min(max(NETWORK_PREFIX, pool.prefixlen), 32)}
        ],
        "icc": False,
        "live-restore": True,
        "log-driver": "local",
        "log-opts": {
            "max-file": str(docker.log_max_files),
            "max-size": f"{docker.log_max_megabytes}m",
        },
        "no-new-privileges": True,
    }
    if docker.registry_mirrors:
        settings["registry-mirrors"] = list(docker.registry_mirrors)
    if docker.insecure_registries:
        settings["insecure-registries"] = list(docker.insecure_registries)
    return settings


def whole_settings(host: Host, engine: EngineState) -> dict[str, Any]:
    """The content of daemon.json: ours, what the host's file adds, and own keys that may stay.

    Raises Problems that name each key and flag with which the engine would not start, or would
    start without its data.
    """
    ours, declared = daemon_settings(host), host.docker.daemon
    twice = sorted(set(ours) & set(declared))
    kept, problems = own_settings(engine, ours, declared)
    if twice:
        problems.append(
            BunkerError(
                f"{', '.join(twice)} cannot be set there",
                where=f"{host.name}: docker.daemon",
                expected="keys that Bunker does not set itself",
            )
        )
    refuse(
        "the engine that is there cannot be taken over as it is",
        [*problems, *engine_problems(engine)],
    )
    return {**kept, **ours}


def kept_keys(host: Host, settings: dict[str, Any]) -> list[str]:
    """Keys of the host's own daemon.json that stay although its file does not name them.

    ``settings`` are the whole ones.
    """
    return sorted(set(settings) - set(daemon_settings(host)) - set(host.docker.daemon))


def restart_fingerprint(settings: dict[str, Any]) -> str:
    """Hash of those settings that the engine only reads when it starts."""
    fixed = {key: value for key, value in settings.items() if key not in RELOADABLE}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()


def daemon_component(
    host: Host, distribution: Distribution, engine: EngineState, settings: dict[str, Any]
) -> Component:
    """daemon.json: reloaded first (so that containers live on), restarted only where needed.

    It is placed after the engine's packages and the firewall, whose DOCKER-USER rules are loaded
    together with UFW's own. ``settings`` are the engine's whole ones (:func:`whole_settings`).
    """
    content = json.dumps(settings, indent=2, sort_keys=True) + "\n"
    fingerprint = restart_fingerprint(settings)
    restarts = engine.active and engine.started_with != fingerprint
    made = scripts(
        SCRIPTS,
        "daemon",
        FINGERPRINT=fingerprint,
        TRUSTED=" ".join(host.base.trusted_interfaces),
    )
    if distribution.engine_validates:
        made["validate"] = f'dockerd --validate --config-file "$STAGE{PATH}"'
    return Component(
        Bundle("docker", (BundleFile(PATH, content.encode()),)),
        restarts=("docker engine",) if restarts else (),
        **made,
    )
