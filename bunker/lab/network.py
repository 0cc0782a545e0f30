"""The lab's own network."""

from docker.types import IPAMConfig, IPAMPool

from bunker.lab import subnet
from bunker.lab.engine import Engine, seen
from bunker.lab.names import Naming
from bunker.lab.parts import LabNetwork


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
    chosen = str(subnet.choose(subnet.PRIVATE_POOL, used_ranges(engine), seed))
    made = engine.create_network(
        naming.prefix,
        options={"com.docker.network.driver.mtu": str(subnet.uplink_mtu())},
        ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=chosen)]),
        labels=naming.labels(),
        check_duplicate=True,
    )
    return LabNetwork(naming.prefix, made["Id"], chosen)


def used_ranges(engine: Engine) -> list[subnet.Network]:
    """Every range in use: the machine's routes and resolver, and the engine's networks."""
    return [*subnet.read_used(), *subnet.used_by_engine(engine.networks())]
