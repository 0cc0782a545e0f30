"""The lab's own network."""

from __future__ import annotations

from bunker.lab import subnet
from bunker.lab.engine import Engine
from bunker.lab.names import Naming
from bunker.lab.parts import LabNetwork


def find(engine: Engine, naming: Naming) -> LabNetwork | None:
    """The lab's network where it exists."""
    for entry in engine.inspect("network", [naming.prefix]):
        return LabNetwork(naming.prefix, entry["Id"], entry["IPAM"]["Config"][0]["Subnet"])
    return None


def ensure(engine: Engine, naming: Naming) -> LabNetwork:
    """The lab's network, made in a free range where it is missing."""
    there = find(engine, naming)
    if there:
        return there
    used = used_ranges(engine)
    chosen = subnet.choose(subnet.PRIVATE_POOL, used, f"{naming.root_hash} {naming.lab}")
    engine.run(
        "network",
        "create",
        f"--subnet={chosen}",
        f"--opt=com.docker.network.driver.mtu={subnet.uplink_mtu()}",
        *naming.label_arguments(),
        naming.prefix,
    )
    made = find(engine, naming)
    assert made is not None  # noqa: S101 - the engine has just confirmed it
    return made


def used_ranges(engine: Engine) -> list[subnet.Network]:
    """Every range in use: the machine's routes and resolver, and the engine's networks."""
    networks = engine.inspect("network", engine.listed("network", []))
    return [*subnet.read_used(), *subnet.used_by_engine(networks)]
