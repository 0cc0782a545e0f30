"""The lab as a whole: up, status, ssh, down, and what tests ask of it in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from bunker.errors import BunkerError
from bunker.lab import (
    bringup,
    keys,
    machine,
    models,
    neighbour,
    network,
    parts,
    prerequisites,
    recipes,
    snapshots,
    teardown,
)
from bunker.lab.daemon import running_engine
from bunker.lab.engine import Engine
from bunker.lab.git_server import GitServer
from bunker.lab.hosts import Hosts
from bunker.lab.images import Images
from bunker.lab.models import HostStatus, LabHost, LabState
from bunker.lab.names import Naming, checked_word, host_names
from bunker.lab.parts import LabNetwork

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK_SECONDS = 900.0

Progress = Callable[[str], None]


def quiet(_line: str) -> None:
    """The progress callback of those who want none."""


class Lab:
    """One lab of a checkout. Several with different names stand side by side.

    Everything it makes carries its labels; its files stand under ``<root>/.lab/<name>``.
    """

    def __init__(self, root: Path, name: str, sample_folder: Path) -> None:
        self.naming = Naming.of(root, name)
        self.cache = root / ".lab" / "cache"
        self.folder = root / ".lab" / name
        self.images_folder = CHECKOUT / "lab" / "images"
        self.sample_folder = sample_folder
        self._engine: Engine | None = None
        self._engine_guard = threading.Lock()

    @classmethod
    def open(cls, root: Path, name: str = "lab", sample_folder: Path | None = None) -> Lab:
        """The lab of that name; nothing is started. ``root`` is the checkout that owns it."""
        return cls(root.resolve(), name, sample_folder or CHECKOUT / "sample")

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.naming.lab

    def state(self) -> LabState:
        """The lab as the last ``up`` left it; a BunkerError when it is not up."""
        state = models.load(self.folder / "state.json")
        if state is None:
            raise BunkerError(
                f"the lab {self.name} is not up", remedy="Run: invoke lab.up --hosts 1"
            )
        return state

    def engine(self, progress: Progress = quiet) -> Engine:
        """The Docker engine, started where that is possible and needed."""
        with self._engine_guard:
            if self._engine is None:
                with machine.lock("engine"):
                    self._engine = running_engine(progress)
            return self._engine

    def up(
        self,
        hosts: int | list[str] = 1,
        base: str = "debian:trixie",
        progress: Progress = quiet,
    ) -> LabState:
        """Bring the lab up with at least these hosts; what runs already is left as it is.

        New hosts get the given base. Hosts that are there beyond the wanted ones stay and are
        repaired as well. ``progress`` gets short lines, from several threads.
        """
        recipes.base_named(base)
        wanted = host_names(hosts)
        with self._alone():
            prerequisites.require(progress=progress)
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return bringup.bring_up(self, wanted, base, progress)

    def add_host(
        self, name: str, base: str = "debian:trixie", progress: Progress = quiet
    ) -> LabHost:
        """One more host beside those that are there."""
        return self.up([checked_word(name, "host name")], base, progress).host(name)

    def remove_host(self, name: str) -> None:
        """Remove a host with its volume; the others are left alone."""
        with self._alone():
            state, hosts = self.state(), self.hosts()
            if name not in hosts.found(parts.existing(self.engine(), self.naming)):
                state.host(name)
            hosts.remove(name)
            left = tuple(host for host in state.hosts if host.name != name)
            self.record(replace(state, hosts=left))

    def status(self) -> list[HostStatus]:
        """All hosts as they are now, by name; empty when the lab is down."""
        engine = self.engine()
        hosts = self.hosts()
        found = hosts.found(parts.existing(engine, self.naming))
        with ThreadPoolExecutor(max_workers=8) as pool:
            rows = pool.map(
                lambda name: hosts.status(name, found[name], self.naming.prefix), sorted(found)
            )
            return list(rows)

    def ssh_command(self, name: str) -> list[str]:
        """Arguments that log in to the host; append a remote command to run one."""
        state = self.state()
        host = state.host(name)
        options = keys.ssh_options(state.private_key, state.known_hosts)
        return ["ssh", *options, "-p", str(host.port), f"{host.user}@{host.address}"]

    @property
    def git(self) -> GitServer:
        """The git server of a lab that is up."""
        return GitServer(
            self.engine(), self.naming, self.state().git_address, self.folder / "git-token"
        )

    def down(self, *, keep_snapshots: bool = False, progress: Progress = quiet) -> None:
        """Remove the lab's containers, volumes, networks and snapshots, and nothing else.

        Built images stay as a cache. ``keep_snapshots`` leaves the snapshots, and the keys and
        token that their clones know.
        """
        with self._alone():
            teardown.remove_all(self.engine(progress), self.naming, keep_snapshots, progress)
            teardown.remove_files(self.folder, keep_snapshots)

    def snapshot(self, host_name: str, snapshot_name: str, progress: Progress = quiet) -> None:
        """Keep a copy of a host (its files and its Docker volume) under a name; it runs on after.

        The host is shut down for the copy and started again. Snapshots go with ``down``.
        """
        with self._alone():
            snapshots.take(self, host_name, checked_word(snapshot_name, "snapshot name"), progress)

    def clone(self, snapshot_name: str, new_host_name: str, progress: Progress = quiet) -> LabHost:
        """A new host from a snapshot: its own name, address, machine id and sshd keys."""
        checked_word(new_host_name, "host name")
        with self._alone():
            return snapshots.clone(self, snapshot_name, new_host_name, progress)

    def snapshots(self) -> list[str]:
        """Names of the lab's complete snapshots."""
        return snapshots.names(self)

    def remove_snapshot(self, snapshot_name: str) -> None:
        """Remove a snapshot; hosts cloned from it stay."""
        with self._alone():
            snapshots.remove(self, snapshot_name)

    def neighbour(
        self, name: str, subnet: str = "lab", progress: Progress = quiet
    ) -> neighbour.Neighbour:
        """Another machine on the lab's network, see :mod:`bunker.lab.neighbour`."""
        return neighbour.start(self, checked_word(name, "neighbour name"), subnet, progress)

    # What the lab's own modules share.

    def images(self, progress: Progress) -> Images:
        """The image maker; labs of several checkouts make no image twice."""
        return Images(self.engine(progress), machine.shared_folder(), progress)

    def network(self) -> LabNetwork:
        """The network of a lab that is up."""
        found = network.find(self.engine(), self.naming)
        if found is None:
            raise BunkerError(
                f"the lab {self.name} is not up", remedy="Run: invoke lab.up --hosts 1"
            )
        return found

    def hosts(self) -> Hosts:
        """The maker and finder of hosts."""
        return Hosts(self.engine(), self.naming, self.folder)

    def record(self, state: LabState) -> LabState:
        """Keep the state and pin every host key in it."""
        lines = [line for host in state.hosts for line in host.host_keys]
        keys.write_known_hosts(state.known_hosts, [*lines, *state.git_known_hosts])
        models.save(state, self.folder / "state.json")
        return state

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One command at a time changes a lab; others wait."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self.folder.parent / f"{self.name}.lock", timeout=LOCK_SECONDS)
        try:
            with lock:
                yield
        except Timeout:
            raise BunkerError(
                f"another command is still changing the lab {self.name}",
                where=str(lock.lock_file),
                remedy="Wait until it has ended",
            ) from None
