"""Snapshots of hosts, and clones made from them: seconds instead of deploying again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from bunker.errors import BunkerError
from bunker.lab import parts
from bunker.lab.bringup import by_address
from bunker.lab.hosts import Wanted
from bunker.lab.models import LabHost
from bunker.lab.names import LABEL_BASE, LABEL_SNAPSHOT
from bunker.lab.recipes import SERVICE_BASE

if TYPE_CHECKING:
    from bunker.lab.lab import Lab

COPY_SECONDS = 600.0


def take(lab: Lab, host: str, snapshot: str, progress: Callable[[str], None]) -> None:
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
    lab.images(progress).base(SERVICE_BASE)
    progress(f"stopping {host} for its snapshot")
    lab.hosts().stop(host)
    labels = naming.labels(snapshot=snapshot, base=base)
    changes = [f"--change=LABEL {key}={value}" for key, value in labels.items()]
    source = naming.docker_volume(host)
    try:
        progress(f"copying {host}")
        with ThreadPoolExecutor(max_workers=2) as pool:
            copied = pool.submit(
                copy_volume, lab, source, naming.snapshot_volume(snapshot), {"snapshot": snapshot}
            )
            committed = pool.submit(
                engine.run, "commit", *changes, naming.container(host), timeout=COPY_SECONDS
            )
            copied.result()
            image = committed.result()
        # Named last: an image of that name means that all of the snapshot is there.
        engine.run("tag", image, naming.snapshot_image(snapshot))
    except BaseException:
        remove(lab, snapshot)  # half a snapshot is none
        raise
    finally:
        engine.run("start", naming.container(host))
        lab.hosts().wait_until_booted(naming.container(host))


def clone(lab: Lab, snapshot: str, new_host: str, progress: Callable[[str], None]) -> LabHost:
    """Make a host from a snapshot, with its own identity, and wait until it has booted."""
    engine, naming = lab.engine(), lab.naming
    state = lab.state()
    complete = names(lab)
    if snapshot not in complete:
        there = ", ".join(complete) or "none"
        raise BunkerError(f"there is no snapshot {snapshot!r}", expected=f"one of: {there}")
    [image] = engine.inspect("image", [naming.snapshot_image(snapshot)])
    hosts, net = lab.hosts(), lab.network()
    found = hosts.found(parts.existing(engine, naming))
    if new_host in found:
        raise BunkerError(f"the lab has a host {new_host!r} already")
    address = hosts.assign([new_host], found, net)[new_host]
    target = naming.docker_volume(new_host)
    progress(f"cloning {snapshot} as {new_host}")
    copy_volume(lab, naming.snapshot_volume(snapshot), target, {"host": new_host})
    base = str(image["Config"]["Labels"][LABEL_BASE])
    wanted = Wanted(new_host, base, naming.snapshot_image(snapshot), address, clone=True)
    host = hosts.ensure(wanted, net, None, progress)
    lab.record(replace(state, hosts=by_address((*state.hosts, host))))
    return host


def names(lab: Lab) -> list[str]:
    """Names of the lab's snapshots."""
    engine, naming = lab.engine(), lab.naming
    wanted = [*naming.filters, f"--filter=label={LABEL_SNAPSHOT}"]
    volumes = engine.inspect("volume", engine.listed("volume", wanted))
    started = (volume["Labels"][LABEL_SNAPSHOT] for volume in volumes)
    return sorted(name for name in started if engine.exists("image", naming.snapshot_image(name)))


def remove(lab: Lab, snapshot: str) -> None:
    """Remove a snapshot; its clones stand on their own and stay."""
    lab.engine().attempt("image", "rm", "--force", lab.naming.snapshot_image(snapshot))
    lab.engine().attempt("volume", "rm", "--force", lab.naming.snapshot_volume(snapshot))


def copy_volume(lab: Lab, source: str, target: str, labels: dict[str, str]) -> None:
    """Copy a volume whole: owners, hard links, device nodes (overlay whiteouts), trusted xattrs."""
    engine, naming = lab.engine(), lab.naming
    image = lab.images(lambda _line: None).base(SERVICE_BASE)
    engine.attempt("volume", "rm", "--force", target)
    engine.run("volume", "create", *naming.label_arguments(**labels), target)
    # The engine's id has to differ from host to host; it is made anew where it is missing.
    script = (
        "cp --recursive --no-dereference --reflink=auto --sparse=auto "
        "--preserve=mode,ownership,timestamps,links,xattr /source/. /target/ "
        "&& rm -f /target/engine-id"
    )
    engine.run(
        "run",
        "--rm",
        *naming.label_arguments(part="copy"),
        "--network=none",
        "--cap-add=SYS_ADMIN",  # without it the trusted.overlay attributes cannot be read
        "--security-opt=apparmor=unconfined",
        f"--volume={source}:/source:ro",
        f"--volume={target}:/target",
        image,
        "/bin/sh",
        "-c",
        script,
        timeout=COPY_SECONDS,
    )
