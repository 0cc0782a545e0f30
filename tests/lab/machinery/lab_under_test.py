"""The lab with what only tests ask of it: single hosts, snapshots and clones, neighbours."""

from __future__ import annotations

from dataclasses import replace

from bunker.errors import BunkerError
from bunker.lab import network, parts
from bunker.lab.lab import Lab
from bunker.lab.models import LabHost
from bunker.lab.names import checked_word
from bunker.lab.parts import LabNetwork
from tests.lab.machinery import neighbour, snapshots


class LabUnderTest(Lab):
    """A lab whose hosts come and go one by one."""

    def add_host(self, name: str, base: str = "debian:trixie") -> LabHost:
        """One more host beside those that are there."""
        return self.up([name], base).host(name)

    def remove_host(self, name: str) -> None:
        """Remove a host with its volume; the others are left alone."""
        with self.alone():
            state, engine = self.state(), self.engine()
            if name not in self.hosts().found(parts.existing(engine, self.naming)):
                state.host(name)
            engine.remove(self.naming.container(name))
            engine.drop_volume(self.naming.docker_volume(name))
            left = tuple(host for host in state.hosts if host.name != name)
            self.record(replace(state, hosts=left))

    def snapshot(self, host_name: str, snapshot_name: str) -> None:
        """Keep a copy of a host (its files and its Docker volume) under a name; it runs on after.

        The host is shut down for the copy and started again. Snapshots go with ``down``.
        """
        with self.alone():
            snapshots.take(self, host_name, checked_word(snapshot_name, "snapshot name"))

    def clone(self, snapshot_name: str, new_host_name: str) -> LabHost:
        """A new host from a snapshot: its own name, address, machine id and sshd keys."""
        checked_word(new_host_name, "host name")
        with self.alone():
            return snapshots.clone(self, snapshot_name, new_host_name)

    def snapshots(self) -> list[str]:
        """Names of the lab's complete snapshots."""
        return snapshots.names(self)

    def remove_snapshot(self, snapshot_name: str) -> None:
        """Remove a snapshot; hosts cloned from it stay."""
        with self.alone():
            snapshots.remove(self, snapshot_name)

    def down(self) -> None:
        """Remove the lab with the snapshots of its hosts."""
        super().down()
        snapshots.remove_all(self)

    def neighbour(self, name: str, subnet: str = "lab") -> neighbour.Neighbour:
        """Another machine on the lab's network, see :mod:`tests.lab.machinery.neighbour`."""
        return neighbour.start(self, checked_word(name, "neighbour name"), subnet)

    def network(self) -> LabNetwork:
        """The network of a lab that is up."""
        found = network.find(self.engine(), self.naming)
        if found is None:
            raise BunkerError(f"the lab {self.name} is not up")
        return found
