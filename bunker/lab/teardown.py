"""Taking a lab down: exactly what carries its labels."""

from __future__ import annotations

from collections.abc import Callable

from bunker.lab.engine import Engine
from bunker.lab.names import LABEL_SNAPSHOT, Naming


def remove_all(engine: Engine, naming: Naming, progress: Callable[[str], None]) -> None:
    """Remove the lab's containers, networks and volumes, and images of its hosts."""
    containers = engine.listed("container", naming.filters)
    if containers:
        progress(f"removing {len(containers)} containers")
        engine.run("rm", "--force", "--volumes", *containers, timeout=300)
    for network in engine.listed("network", naming.filters):
        engine.run("network", "rm", network)
    volumes = engine.listed("volume", naming.filters)
    if volumes:
        progress(f"removing {len(volumes)} volumes")
        engine.run("volume", "rm", "--force", *volumes, timeout=300)
    images = sorted(
        set(engine.listed("image", [*naming.filters, f"--filter=label={LABEL_SNAPSHOT}"]))
    )
    if images:
        progress(f"removing {len(images)} snapshots")
        engine.run("image", "rm", "--force", *images, timeout=300)
