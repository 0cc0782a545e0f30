"""Snapshots of hosts, and clones made from them: seconds instead of deploying again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from bunker.errors import BunkerError
from bunker.lab import parts
from bunker.lab.bringup import by_address
from bunker.lab.engine import AbsentError, seen
from bunker.lab.hosts import Hosts, Wanted
from bunker.lab.models import LabHost
from bunker.lab.names import LABEL_BASE, Naming
from bunker.lab.recipes import SERVICE_BASE

if TYPE_CHECKING:
    from tests.lab.machinery.lab_under_test import LabUnderTest

COPY_SECONDS = 600
LABEL_SNAPSHOT = "bunker.lab.snapshot"


class Clones(Hosts):
    """Hosts made from snapshots: their volumes are there, and who may log in stays."""

    def make_volume(self, name: str) -> None:
        """Copied already."""

    def identity(self, base: str) -> list[tuple[str, bytes, int, int]]:
        """A new machine id and new sshd keys."""
        return super().identity(base)[:2]


def volume_of(naming: Naming, snapshot: str) -> str:
    """Volume that holds the copy of a host's nested engine data."""
    return f"{naming.prefix}-snapshot-{snapshot}"


def image_of(naming: Naming, snapshot: str) -> str:
    """Image that holds the file system of a snapshotted host."""
    return f"bunker-lab/snapshot-{naming.root_hash[:6]}-{naming.lab}:{snapshot}"


def take(lab: LabUnderTest, host: str, snapshot: str) -> None:
    """Copy the host's file system into an image and its Docker data into a volume.

    The host is shut down in between: a copy of a running engine's data would be of two minds.
    """
    engine, naming = lab.engine(), lab.naming
    state = lab.state()
    base = state.host(host).base
    if snapshot in names(lab):
        raise BunkerError(
            f"there is a snapshot {snapshot!r} already",
            remedy="Choose another name, or remove that one first",
        )
    lab.images().base(SERVICE_BASE)
    # As systemd ends it: a host that does not end by itself within the minute fails the test.
    engine.stop(naming.container(host), timeout=60)
    labels = naming.labels(snapshot=snapshot, base=base)
    changes = [f"LABEL {key}={value}" for key, value in labels.items()]
    source = naming.docker_volume(host)
    try:
        with ThreadPoolExecutor(max_workers=2) as pool:
            copied = pool.submit(
                copy_volume, lab, source, volume_of(naming, snapshot), {"snapshot": snapshot}
            )
            committed = pool.submit(engine.commit, naming.container(host), changes=changes)
            copied.result()
            image = committed.result()["Id"]
        # Named last: an image of that name means that all of the snapshot is there.
        engine.tag(image, image_of(naming, snapshot))
    except BaseException:
        remove(lab, snapshot)  # half a snapshot is none
        raise
    finally:
        engine.start(naming.container(host))
        lab.hosts().wait_until_booted(naming.container(host))


def clone(lab: LabUnderTest, snapshot: str, new_host: str) -> LabHost:
    """Make a host from a snapshot, with its own identity, and wait until it has booted."""
    engine, naming = lab.engine(), lab.naming
    state = lab.state()
    complete = names(lab)
    if snapshot not in complete:
        there = ", ".join(complete) or "none"
        raise BunkerError(f"there is no snapshot {snapshot!r}", expected=f"one of: {there}")
    image = engine.inspect_image(image_of(naming, snapshot))
    hosts, net = Clones(engine, naming, lab.folder), lab.network()
    found = hosts.found(parts.existing(engine, naming))
    if new_host in found:
        raise BunkerError(f"the lab has a host {new_host!r} already")
    address = hosts.assign([new_host], found, net)[new_host]
    target = naming.docker_volume(new_host)
    copy_volume(lab, volume_of(naming, snapshot), target, {"host": new_host})
    base = str(image["Config"]["Labels"][LABEL_BASE])
    wanted = Wanted(new_host, base, image_of(naming, snapshot), address)
    host = hosts.ensure(wanted, net, None)
    lab.record(replace(state, hosts=by_address((*state.hosts, host))))
    return host


def names(lab: LabUnderTest) -> list[str]:
    """Names of the lab's snapshots."""
    engine, naming = lab.engine(), lab.naming
    wanted = {"label": [*naming.filters["label"], LABEL_SNAPSHOT]}
    volumes = engine.volumes(filters=wanted)["Volumes"] or []
    started = (volume["Labels"][LABEL_SNAPSHOT] for volume in volumes)
    return sorted(name for name in started if seen(engine.inspect_image, image_of(naming, name)))


def remove(lab: LabUnderTest, snapshot: str) -> None:
    """Remove a snapshot; its clones stand on their own and stay."""
    with suppress(AbsentError):
        lab.engine().remove_image(image_of(lab.naming, snapshot), force=True)
    lab.engine().drop_volume(volume_of(lab.naming, snapshot))


def remove_all(lab: LabUnderTest) -> None:
    """Remove the images of all snapshots, of half ones too; volumes go with the lab."""
    labels = [*lab.naming.filters["label"], LABEL_SNAPSHOT]
    for image in lab.engine().images(filters={"label": labels}):
        with suppress(AbsentError):
            lab.engine().remove_image(image["Id"], force=True)


def copy_volume(lab: LabUnderTest, source: str, target: str, labels: dict[str, str]) -> None:
    """Copy a volume whole: owners, hard links, device nodes (overlay whiteouts), trusted xattrs."""
    engine, naming = lab.engine(), lab.naming
    image = lab.images().base(SERVICE_BASE)
    engine.drop_volume(target)
    engine.create_volume(target, labels=naming.labels(**labels))
    # The engine's id has to differ from host to host; it is made anew where it is missing.
    script = (
        "cp --recursive --no-dereference --reflink=auto --sparse=auto "
        "--preserve=mode,ownership,timestamps,links,xattr /source/. /target/ "
        "&& rm -f /target/engine-id"
    )
    copying = engine.create_container(
        image,
        ["/bin/sh", "-c", script],
        labels=naming.labels(part="copy"),
        host_config={
            "NetworkMode": "none",
            "CapAdd": ["SYS_ADMIN"],  # without it the trusted.overlay attributes cannot be read
            "SecurityOpt": ["apparmor=unconfined"],
            "Binds": [f"{source}:/source:ro", f"{target}:/target"],
        },
    )["Id"]
    try:
        engine.start(copying)
        code = engine.wait(copying, timeout=COPY_SECONDS)["StatusCode"]
        if code:
            raise BunkerError(f"copying {source} failed: {engine.logs(copying)!r}")
    finally:
        engine.remove(copying)
