"""The lab's own network, in a range that nothing on this machine uses already."""

import hashlib
import ipaddress
import json
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker.types import IPAMConfig, IPAMPool

from bunker.errors import BunkerError
from bunker.lab.engine import Engine, seen
from bunker.lab.names import Naming
from bunker.lab.parts import LabNetwork

Network = ipaddress.IPv4Network

# Lab networks come from here: private, and apart from the nested engines' own ranges
# (172.16.0.0/12, 192.168.0.0/16 by default; 10.213.0.0/16 by our daemon settings).
PRIVATE_POOL = Network("10.64.0.0/10")


def find(engine: Engine, naming: Naming) -> LabNetwork | None:
    """The lab's network where it exists."""
    entry = seen(engine.inspect_network, naming.prefix)
    if entry is None:
        return None
    return LabNetwork(naming.prefix, entry["Id"], entry["IPAM"]["Config"][0]["Subnet"])


def ensure(engine: Engine, naming: Naming) -> LabNetwork:
    """The lab's network, made in a free range where it is missing."""
    there = find(engine, naming)
    if there:
        return there
    seed = f"{naming.root_hash} {naming.lab}"
    chosen = str(choose(PRIVATE_POOL, used_ranges(engine), seed))
    made = engine.create_network(
        naming.prefix,
        options={"com.docker.network.driver.mtu": str(uplink_mtu())},
        ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=chosen)]),
        labels=naming.labels(),
        check_duplicate=True,
    )
    return LabNetwork(naming.prefix, made["Id"], chosen)


def used_ranges(engine: Engine) -> list[Network]:
    """Every range in use: the machine's routes and resolver, and the engine's networks."""
    return [*read_used(), *used_by_engine(engine.networks())]


def used_by_routes(routes: list[dict[str, Any]]) -> list[Network]:
    """Ranges in the output of ``ip -j route``, the default route apart."""
    named = [text for route in routes for text in (route.get("dst"), route.get("gateway"))]
    return _networks(text for text in named if text)


def used_by_resolver(resolv_conf: str) -> list[Network]:
    """The /16 around each name server: sites keep them in one block with other services."""
    lines = (line.split() for line in resolv_conf.splitlines())
    servers = _networks(words[1] for words in lines if words[:1] == ["nameserver"] and words[1:])
    return [server.supernet(new_prefix=16) for server in servers if not server.is_loopback]


def used_by_engine(inspected: list[dict[str, Any]]) -> list[Network]:
    """Ranges of the engine's networks, as it lists them."""
    configs = [(network.get("IPAM") or {}).get("Config") or [] for network in inspected]
    return _networks(entry.get("Subnet", "") for config in configs for entry in config)


def choose(pool: Network, used: Iterable[Network], seed: str) -> Network:
    """A free /24 of the pool; the same seed gives the same one as long as it is free."""
    taken = list(used)
    blocks = 1 << (24 - pool.prefixlen)
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") % blocks
    first = int(pool.network_address)
    for step in range(blocks):
        candidate = Network((first + ((start + step) % blocks) * 256, 24))
        if not any(candidate.overlaps(other) for other in taken):
            return candidate
    raise BunkerError(
        f"every range of {pool} is in use on this machine",
        remedy="Remove networks that are no longer needed with `docker network prune`",
    )


def read_used() -> list[Network]:
    """What this machine's routes and resolver use now (the engine's networks apart)."""
    resolver = Path("/etc/resolv.conf")
    return [
        *used_by_routes(_routes("table", "all")),
        *used_by_resolver(resolver.read_text() if resolver.exists() else ""),
    ]


def uplink_mtu() -> int:
    """MTU of the default route's device: a larger one in the lab would stall big transfers."""
    devices = (str(route.get("dev")) for route in _routes("default"))
    files = (Path("/sys/class/net", device, "mtu") for device in devices)
    return min([1500, *(int(file.read_text()) for file in files if file.exists())])


def _routes(*which: str) -> list[dict[str, Any]]:
    run = ["ip", "-4", "-j", "route", "show", *which]
    said = subprocess.run(run, capture_output=True, text=True, check=True, timeout=10).stdout
    found: list[dict[str, Any]] = json.loads(said or "[]")
    return found


def _networks(texts: Iterable[str]) -> list[Network]:
    found = []
    for text in texts:
        with suppress(ValueError):  # IPv6, or a word such as "default"
            found.append(Network(text, strict=False))
    return found
