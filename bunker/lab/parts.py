"""One container of the lab: made once, found again by label, repaired when it is half there."""

import hashlib
import io
import tarfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bunker.lab import wait
from bunker.lab.engine import Engine, EngineError, seen
from bunker.lab.names import LABEL_SPECIFICATION, Naming

# States of a container that holds nothing yet, or nothing any more.
NEVER_STARTED = ("created", "dead", "removing")


@dataclass(frozen=True)
class LabNetwork:
    """The lab's network as the engine knows it."""

    name: str
    identifier: str
    subnet: str

    def address(self, last: int) -> str:
        """The address with that last number; the range is a /24."""
        return f"{self.subnet.rpartition('.')[0]}.{last}"


@dataclass(frozen=True)
class Part:
    """What a container of the lab is to be. ``labels`` are short names (part, host, base, ...).

    ``host_config`` is in the engine's own words.
    """

    name: str
    hostname: str
    image: str
    address: str
    labels: tuple[tuple[str, str], ...]
    host_config: Mapping[str, Any] = field(default_factory=dict)
    environment: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def specification(self) -> str:
        """Hash of all of it: a container with another one is not what it should be."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def existing(engine: Engine, naming: Naming) -> dict[str, dict[str, Any]]:
    """All containers of this lab by name, in whatever state."""
    listed = engine.containers(all=True, filters=naming.filters)
    found = (seen(engine.inspect_container, item["Id"]) for item in listed)
    return {container["Name"].lstrip("/"): container for container in found if container}


def ensure(
    engine: Engine,
    naming: Naming,
    network: LabNetwork,
    part: Part,
    found: dict[str, Any] | None,
    *,
    files: Iterable[tuple[str, bytes, int, int]] = (),
    keep: bool = False,
) -> bool:
    """Make the container run; True when it was made anew.

    ``files`` (:func:`put_files`) are placed before the first start. ``keep`` holds on to a
    container that was made from another specification (a host with data), otherwise it is
    replaced. A container that never started is always made again: placing may have been cut.
    """
    if found and _reusable(found, part, keep):
        _make_run(engine, network, part, found)
        return False
    if found:
        engine.remove(part.name)
    endpoint = {"IPAMConfig": {"IPv4Address": part.address}}
    engine.create_container(
        part.image,
        list(part.command) or None,
        name=part.name,
        hostname=part.hostname,
        environment=list(part.environment),
        labels=naming.labels(specification=part.specification, **dict(part.labels)),
        host_config={**part.host_config, "NetworkMode": network.name},
        networking_config={"EndpointsConfig": {network.name: endpoint}},
    )
    put_files(engine, part.name, files)
    engine.start(part.name)
    return True


def put_files(engine: Engine, container: str, files: Iterable[tuple[str, bytes, int, int]]) -> None:
    """Place files (path, content, mode, owner id) into a container, started or not."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content, mode, owner in files:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid = len(content), mode, owner, owner
            entry.mtime = int(time.time())
            tar.addfile(entry, io.BytesIO(content))
    engine.put_archive(container, "/", archive.getvalue())


def state_of(container: dict[str, Any]) -> str:
    """The container's state as the engine words it (running, exited, paused, ...)."""
    return str(container["State"]["Status"])


def label_of(container: dict[str, Any], label: str) -> str:
    """A label's value, "" where it has none."""
    return str((container["Config"].get("Labels") or {}).get(label, ""))


def address_of(container: dict[str, Any], network: str) -> str:
    """The fixed address that the container was given in the network."""
    entry = (container["NetworkSettings"].get("Networks") or {}).get(network) or {}
    fixed = (entry.get("IPAMConfig") or {}).get("IPv4Address")
    return str(fixed or entry.get("IPAddress") or "")


def _reusable(found: dict[str, Any], part: Part, keep: bool) -> bool:
    if state_of(found) in NEVER_STARTED:
        return False
    return keep or label_of(found, LABEL_SPECIFICATION) == part.specification


def _make_run(engine: Engine, network: LabNetwork, part: Part, found: dict[str, Any]) -> None:
    state = state_of(found)
    if state == "running":
        return
    if state == "paused":
        engine.unpause(part.name)
        return
    if state == "restarting":
        engine.stop(part.name, timeout=30)
    connected = found["NetworkSettings"].get("Networks") or {}
    if (connected.get(network.name) or {}).get("NetworkID") != network.identifier:
        # The network was lost and made again: a stopped container still names the old one.
        for name in connected:
            with suppress(EngineError):
                engine.disconnect_container_from_network(part.name, name, force=True)
        engine.connect_container_to_network(part.name, network.name, ipv4_address=part.address)
    engine.start(part.name)
    wait.until(
        lambda: engine.inspect_container(part.name)["State"]["Running"],
        seconds=20,
        what=f"the start of {part.name}",
    )
