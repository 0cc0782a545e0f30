"""Another machine on the lab's network: for port probes and for attacks that must be banned."""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bunker.errors import BunkerError
from bunker.lab import network, parts
from bunker.lab.engine import Engine
from bunker.lab.parts import Part
from bunker.lab.recipes import SERVICE_BASE, Recipe

if TYPE_CHECKING:
    from tests.lab.machinery.lab_under_test import LabUnderTest

FIRST_ADDRESS, LAST_ADDRESS = 200, 250
KINDS = ("lab", "public-range")
IMAGE = Path(__file__).parent / "neighbour-image"
# Attackers "from outside" come from the benchmarking range: no private range, routed nowhere.
PUBLIC_POOL = network.Network("198.18.0.0/15")


@dataclass(frozen=True)
class Neighbour:
    """A container with nc, curl, ssh, sshpass, ping and ip.

    ``source_address`` is where hosts see its packets come from.
    """

    engine: Engine
    container: str
    address: str
    source_address: str
    hosts: tuple[str, ...] = ()

    def run(self, command: Sequence[str], seconds: int = 60) -> subprocess.CompletedProcess[str]:
        """Run a command on it as root; its exit code and output, whatever they are."""
        return self.engine.attempt(self.container, *command, seconds=seconds)

    def remove(self) -> None:
        """Remove it, and the route to its public address on the hosts."""
        self.engine.remove(self.container)
        if self.source_address != self.address:
            for host in self.hosts:
                self.engine.attempt(host, "ip", "route", "del", self.source_address)


def start(lab: LabUnderTest, name: str, kind: str) -> Neighbour:
    """Start a neighbour, anew if one of that name is there.

    ``kind`` "lab" speaks from its private address. "public-range" speaks from an address that is
    in no private range, as somebody on the Internet would: the lab's hosts get a route back to it
    until they restart. Each name has an address of its own: what hosts remember of one visitor,
    its failed logins say, is not held against the next.
    """
    if kind not in KINDS:
        raise BunkerError(f"neighbour kind {kind!r} is unknown", expected=" or ".join(KINDS))
    engine, naming, net = lab.engine(), lab.naming, lab.network()
    image = lab.images().recipe(Recipe("neighbour", IMAGE, SERVICE_BASE))
    containers = parts.existing(engine, naming)
    container = naming.container(f"neighbour-{name}")
    taken = {
        parts.address_of(item, net.name)
        for item in containers.values()
        if parts.label_of(item, "bunker.lab.part") == "neighbour"
    }
    if container in containers:
        engine.remove(container)
    free = [net.address(number) for number in numbers_of(name) if net.address(number) not in taken]
    if not free:
        raise BunkerError("no free address left for another neighbour")
    part = Part(
        name=container,
        hostname=name,
        image=image,
        address=free[0],
        labels=(("part", "neighbour"),),
        host_config={"CapAdd": ["NET_ADMIN"], "Init": True},
    )
    parts.ensure(engine, naming, net, part, None)
    hosts = tuple(naming.container(host.name) for host in lab.state().hosts)
    there = Neighbour(engine, container, part.address, part.address, hosts)
    return there if kind == "lab" else _speak_from_outside(lab, there, net)


def numbers_of(name: str) -> list[int]:
    """The numbers of all neighbours, beginning with the one that falls to this name."""
    numbers = range(FIRST_ADDRESS, LAST_ADDRESS + 1)
    first = zlib.crc32(name.encode()) % len(numbers)
    return [*numbers[first:], *numbers[:first]]


def _speak_from_outside(lab: LabUnderTest, there: Neighbour, net: parts.LabNetwork) -> Neighbour:
    engine = there.engine
    outside = network.choose(PUBLIC_POOL, network.used_ranges(engine), net.subnet)
    number = there.address.rpartition(".")[2]
    source = f"{str(outside.network_address).rpartition('.')[0]}.{number}"
    engine.execute(there.container, "ip", "address", "add", f"{source}/32", "dev", "eth0")
    engine.execute(
        there.container, "ip", "route", "replace", net.subnet, "dev", "eth0", "src", source
    )
    for host in there.hosts:
        engine.execute(host, "ip", "route", "replace", source, "via", there.address)
    return Neighbour(engine, there.container, there.address, source, there.hosts)
