"""The lab as a whole: up, status, ssh, down."""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.lab import (
    bringup,
    keys,
    machine,
    models,
    parts,
    recipes,
)
from bunker.lab.daemon import running_engine
from bunker.lab.engine import AbsentError, Engine
from bunker.lab.fleet import DOMAIN, deploy_key, write_fleet
from bunker.lab.git_server import GitServer
from bunker.lab.hosts import Hosts
from bunker.lab.images import Images
from bunker.lab.models import HostStatus, LabState
from bunker.lab.names import Naming, host_names
from bunker.lab.progress import progress
from bunker.locks import locked
from bunker.product import folder
from bunker.remote import Remote

LOCK_SECONDS = 900.0
SIMULTANEOUS = 8


class Lab:
    """One lab of a checkout. Several with different names stand side by side.

    ``root`` is the checkout that owns it. Nothing is started before it is asked for.
    Everything it makes carries its labels; its files stand under ``<root>/.lab/<name>``.
    """

    def __init__(self, root: Path, name: str = "lab", sample_folder: Path | None = None) -> None:
        root = root.resolve()
        self.naming = Naming.of(root, name)
        self.cache = root / ".lab" / "cache"
        self.folder = root / ".lab" / name
        self.images_folder = folder("lab/images")
        self.sample_folder = sample_folder or folder("sample")
        self._engine: Engine | None = None
        self._engine_guard = threading.Lock()

    @property
    def name(self) -> str:
        return self.naming.lab

    def state(self) -> LabState:
        """The lab as the last ``up`` left it; a BunkerError when it is not up."""
        state = models.load(self.folder / "state.json")
        if state is None:
            raise BunkerError(
                f"the lab {self.name} is not up", remedy="Run: invoke lab.up --hosts 1"
            )
        return state

    def engine(self) -> Engine:
        """The Docker engine, started where that is possible and needed."""
        with self._engine_guard:
            if self._engine is None:
                with machine.lock("engine"):
                    self._engine = running_engine()
            return self._engine

    def up(
        self,
        hosts: int | list[str] = 1,
        base: str = "debian:trixie",
    ) -> LabState:
        """Bring the lab up with at least these hosts; what runs already is left as it is.

        New hosts get the given base. Hosts that are there beyond the wanted ones stay and are
        repaired as well.
        """
        recipes.base_named(base)
        wanted = host_names(hosts)
        with self.alone():
            machine.require()
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return bringup.bring_up(self, wanted, base)

    def status(self) -> list[HostStatus]:
        """All hosts as they are now, by name; empty when the lab is down."""
        engine = self.engine()
        hosts = self.hosts()
        found = hosts.found(parts.existing(engine, self.naming))
        with ThreadPoolExecutor(max_workers=SIMULTANEOUS) as pool:
            rows = pool.map(
                lambda name: hosts.status(name, found[name], self.naming.prefix), sorted(found)
            )
            return list(rows)

    def ssh_command(self, name: str) -> list[str]:
        """Arguments that log in to the host; append a remote command to run one."""
        state = self.state()
        host = state.host(name)
        reached = Host(
            name=name,
            address=host.address,
            port=host.port,
            user=host.user,
            domain=f"{name}.{DOMAIN}",
        )
        # The lab's identity and pins only, whatever the operator's own configuration says.
        alone = Path("none")
        return Remote(reached, state.known_hosts, state.private_key, ssh_config=alone).command()

    @property
    def git(self) -> GitServer:
        """The git server of a lab that is up."""
        return self.git_server(self.state().git_address)

    def down(self) -> None:
        """Remove what carries the lab's labels, and its files. Built images stay as a cache."""
        with self.alone():
            engine, own = self.engine(), self.naming.filters
            _each("container", _ids(engine.containers(all=True, filters=own)), engine.remove)
            _each("network", _ids(engine.networks(filters=own)), engine.remove_network)
            volumes = engine.volumes(filters=own)["Volumes"] or []
            _each("volume", [volume["Name"] for volume in volumes], engine.drop_volume)
            shutil.rmtree(self.folder, ignore_errors=True)

    # What the lab's own modules share.

    def images(self) -> Images:
        """The image maker; labs of several checkouts make no image twice."""
        return Images(self.engine(), machine.shared_folder())

    def git_server(self, address: str) -> GitServer:
        return GitServer(self.engine(), self.naming, address, self.folder / models.TOKEN_FILE)

    def hosts(self) -> Hosts:
        return Hosts(self.engine(), self.naming, self.folder)

    def record(self, state: LabState) -> LabState:
        """Keep the state and pin every host key in it."""
        lines = [line for host in state.hosts for line in host.host_keys]
        keys.write_known_hosts(state.known_hosts, [*lines, *state.git_known_hosts])
        models.save(state, self.folder / "state.json")
        return state

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One command at a time changes a lab; others wait."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.folder.parent / f"{self.name}.lock"
        refusal = BunkerError(
            f"another command is still changing the lab {self.name}",
            where=str(file),
            remedy="Wait until it has ended",
        )
        with locked(file, LOCK_SECONDS, refusal):
            yield


def fleet_up(
    root: Path,
    name: str,
    hosts: int | list[str] = 1,
    base: str = "debian:trixie",
) -> tuple[LabState, Path]:
    """Bring the lab ``name`` of a checkout up, with its git access and its fleet's files.

    Returns the lab's state and the fleet's folder. What runs already is left as it is; errors are
    those of :meth:`Lab.up`.
    """
    lab = Lab(root, name)
    state = lab.up(hosts, base)
    private, public = deploy_key(state)
    lab.git.authorize(public)
    return state, write_fleet(root, state, deploy_key=private)


def _ids(listed: Iterable[dict[str, str]]) -> list[str]:
    return [item["Id"] for item in listed]


def _each(what: str, names: list[str], remove: Callable[[str], object]) -> None:
    def gone(name: str) -> None:
        with suppress(AbsentError):
            remove(name)

    if names:
        progress(f"removing {len(names)} {what}{'s' * (len(names) > 1)}")
        with ThreadPoolExecutor(max_workers=SIMULTANEOUS) as pool:
            list(pool.map(gone, names))
