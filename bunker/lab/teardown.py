"""Taking a lab down: exactly what carries its labels."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from bunker.lab.engine import Engine
from bunker.lab.names import LABEL_SNAPSHOT, Naming

# Files that speak of what is gone; keys and tokens are still good for clones of kept snapshots.
GONE_IN_ANY_CASE = ("state.json", "known_hosts", "git-published")


def remove_all(
    engine: Engine, naming: Naming, keep_snapshots: bool, progress: Callable[[str], None]
) -> None:
    """Remove the lab's containers, networks and volumes, and its snapshots unless kept."""
    containers = engine.listed("container", naming.filters)
    if containers:
        progress(f"removing {len(containers)} containers")
        engine.run("rm", "--force", "--volumes", *containers, timeout=300)
    for network in engine.listed("network", naming.filters):
        engine.run("network", "rm", network)
    kept = {
        volume["Name"]
        for volume in engine.inspect("volume", engine.listed("volume", naming.filters))
        if keep_snapshots and LABEL_SNAPSHOT in (volume.get("Labels") or {})
    }
    volumes = [name for name in engine.listed("volume", naming.filters) if name not in kept]
    if volumes:
        progress(f"removing {len(volumes)} volumes")
        engine.run("volume", "rm", "--force", *volumes, timeout=300)
    if not keep_snapshots:
        images = sorted(
            set(engine.listed("image", [*naming.filters, f"--filter=label={LABEL_SNAPSHOT}"]))
        )
        if images:
            progress(f"removing {len(images)} snapshots")
            engine.run("image", "rm", "--force", *images, timeout=300)


def remove_files(folder: Path, keep_snapshots: bool) -> None:
    """Remove the lab's files; what kept snapshots need stays."""
    if not keep_snapshots:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for name in GONE_IN_ANY_CASE:
        (folder / name).unlink(missing_ok=True)
