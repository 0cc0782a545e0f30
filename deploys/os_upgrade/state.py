"""What a host says of its packages, its engine and its boot; read from one remote command."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bunker.answers import MOST, whole
from bunker.packages import Package, read_simulation
from bunker.shell import script_file

_SCRIPTS = Path(__file__).parent / "scripts"

REBOOT_SCRIPT: Final = script_file(_SCRIPTS / "reboot_state.sh")
"""Asks for what :func:`read_reboot_state` reads. Changes nothing."""

STATE_SCRIPT: Final = script_file(_SCRIPTS / "state.sh") + REBOOT_SCRIPT
"""Asks for what :func:`read_upgrade_state` reads. Changes nothing, not even apt's caches.
"""

_KERNEL = re.compile(r"(\d[\d.]*(?:-\d+)?(?:[+~][a-z0-9.]+)*)-(.+)")


@dataclass(frozen=True)
class RebootState:
    """One boot of a host, and why it should be followed by another (empty: it need not)."""

    boot: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class UpgradeState:
    """A host before an upgrade.

    ``problem`` is what apt said where it cannot plan one. ``lists_age_seconds`` is the age of the
    package lists; None where it is not known, or where apt's sources have changed since.
    ``unfinished`` is the run whose upgrade was cut off.
    """

    packages: tuple[Package, ...]
    problem: str
    lists_age_seconds: int | None
    half_installed: bool
    engine: str
    live_restore: bool
    unfinished: str
    reboot: RebootState


def read_upgrade_state(found: Mapping[str, Sequence[str]]) -> UpgradeState:
    """The state from the answer's sections; a KeyError or ValueError where one makes no sense."""
    engine, _, live_restore = _first(found["engine"]).partition(" ")
    age = _first(found["lists"])
    failed = [line for line in found["upgrades"] if line.startswith("E:")]
    return UpgradeState(
        packages=tuple(read_simulation(found["upgrades"])),
        problem=" ".join(line.removeprefix("E:").strip() for line in failed),
        lists_age_seconds=max(0, whole(age, "the age of its package lists", least=-MOST))
        if age
        else None,
        half_installed=any(line.strip() for line in found["audit"]),
        engine=engine,
        live_restore=live_restore == "true",
        unfinished=_first(found["unfinished"]),
        reboot=read_reboot_state(found),
    )


def read_reboot_state(found: Mapping[str, Sequence[str]]) -> RebootState:
    """The part of the answer that is about the boot."""
    reasons = [line.strip() for line in found["reboot"] if line.strip()]
    running, kernels = _first(found["kernel"]), [line.strip() for line in found["kernels"]]
    newest = newer_kernel(running, kernels)
    if newest:
        reasons.append(f"kernel {newest} is installed, {running} runs")
    return RebootState(_first(found["boot"]), tuple(dict.fromkeys(reasons)))


def newer_kernel(running: str, installed: Iterable[str]) -> str:
    """The newest installed kernel of the running one's flavour, if it is newer; else nothing.

    Other flavours (cloud, real-time) are not compared: their presence asks for no reboot.
    """
    now = _KERNEL.fullmatch(running)
    if now is None:
        return ""
    best, best_version = "", _version(now[1])
    for name in installed:
        found = _KERNEL.fullmatch(name)
        if found and found[2] == now[2] and _version(found[1]) > best_version:
            best, best_version = name, _version(found[1])
    return best


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


def _first(lines: Sequence[str]) -> str:
    return next((line.strip() for line in lines if line.strip()), "")
