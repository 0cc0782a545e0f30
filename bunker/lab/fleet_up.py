"""Bringing a lab up as a fleet that the operators' commands work on."""

from __future__ import annotations

from pathlib import Path

from bunker.lab.fleet import deploy_key, write_fleet
from bunker.lab.lab import Lab, Progress, quiet
from bunker.lab.models import LabState


def fleet_up(
    root: Path,
    name: str,
    hosts: int | list[str] = 1,
    base: str = "debian:trixie",
    progress: Progress = quiet,
) -> tuple[LabState, Path]:
    """Bring the lab ``name`` of a checkout up, with its git access and its fleet's files.

    Returns the lab's state and the fleet's folder. What runs already is left as it is; errors are
    those of :meth:`bunker.lab.lab.Lab.up`.
    """
    lab = Lab.open(root, name)
    state = lab.up(hosts, base, progress)
    private, public = deploy_key(state)
    lab.git.authorize(public)
    return state, write_fleet(root, state, deploy_key=private)
