"""Packages as apt words them: what a simulation would do, and what must not be removed. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bunker.errors import BunkerError

_INSTALL: Final = re.compile(r"Inst (\S+)(?: \[([^\]]*)\])? \((\S+)")
_REMOVE: Final = re.compile(r"Remv (\S+)(?: \[([^\]]*)\])?")

ENGINE_PACKAGES: Final = frozenset(
    ("docker.io", "containerd", "runc", "docker-ce", "containerd.io", "moby-engine")
)
"""Packages whose upgrade or removal restarts or ends the engine."""

_NEVER_REMOVED: Final = re.compile(
    r"(linux-image|openssh|systemd|cloud-init|docker|containerd|moby|podman).*|sudo|apt|dpkg"
)
"""Never removed unasked, whatever brought them here."""

_WHY: Final[Mapping[str, str]] = {
    "iptables-persistent": "ufw takes its place: carry its rules (/etc/iptables/rules.v4) over to "
    "`base.firewall` in the host's file",
    "netfilter-persistent": "ufw takes its place: carry its rules over to `base.firewall` in the "
    "host's file",
}


@dataclass(frozen=True)
class Package:
    """One package that apt would touch; a new one has no ``old``, a removed one no ``new``."""

    name: str
    old: str
    new: str

    @property
    def line(self) -> str:
        """How a plan shows it."""
        if not self.old:
            return f"+ {self.name} {self.new}"
        return f"~ {self.name} {self.old} → {self.new}" if self.new else f"- {self.name} {self.old}"


def read_simulation(lines: Iterable[str]) -> Iterator[Package]:
    """The packages that `apt-get -s` names, in its order."""
    for line in lines:
        if found := _INSTALL.match(line):
            yield Package(found[1], found[2] or "", found[3])
        elif found := _REMOVE.match(line):
            yield Package(found[1], found[2] or "", "")


@dataclass(frozen=True)
class Simulation:
    """What installing would do. ``packages`` is None where apt does not know yet (no lists)."""

    packages: tuple[Package, ...] | None

    @property
    def removed(self) -> tuple[Package, ...]:
        """Packages that would go."""
        return tuple(package for package in self.packages or () if not package.new)

    @property
    def touches_engine(self) -> bool:
        """Whether an engine that is installed would be replaced, upgraded or removed."""
        return any(item.old and item.name in ENGINE_PACKAGES for item in self.packages or ())


def check_simulation(
    wanted: Sequence[str], found: Mapping[str, Sequence[str]], needed: Collection[str] = ()
) -> Simulation:
    """What installing the wanted packages would do; refused where it costs what the host has.

    ``found`` has apt's words (``install``) and the names that someone asked for (``manual``).
    ``needed`` are packages of other roles. Raises BunkerError that names every package that would
    be removed although a person or a role wants it.
    """
    errors = [line.removeprefix("E:").strip() for line in found["install"] if line.startswith("E:")]
    if any("Unable to locate" in line or "no installation candidate" in line for line in errors):
        return Simulation(None)
    if errors:
        raise BunkerError(
            f"apt cannot install {', '.join(wanted)}: {' '.join(errors)}",
            remedy="Look at the host's package sources, pins and holds: "
            f"`apt-get -s install {' '.join(wanted)}`",
        )
    packages = tuple(read_simulation(found["install"]))
    manual = {line.strip() for line in found["manual"]}
    kept = sorted(
        item.name
        for item in packages
        if not item.new
        and (item.name in manual or item.name in needed or _NEVER_REMOVED.fullmatch(item.name))
    )
    if kept:
        why = "; ".join(dict.fromkeys(_WHY[name] for name in kept if name in _WHY))
        raise BunkerError(
            f"installing {', '.join(wanted)} would remove {', '.join(kept)}",
            remedy=(f"{why[:1].upper()}{why[1:]}. " if why else "")
            + f"If it may go, remove it yourself: `sudo apt-get remove {' '.join(kept)}`",
        )
    return Simulation(packages)
