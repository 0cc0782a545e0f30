"""How the lab names and labels what it makes, so that it recognises exactly its own again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError

LABEL_LAB = "bunker.lab"
LABEL_ROOT = "bunker.lab.root"
LABEL_HOST = "bunker.lab.host"
LABEL_BASE = "bunker.lab.base"
LABEL_SPECIFICATION = "bunker.lab.specification"
LABEL_IMAGE = "bunker.lab.image"

COMPASS = ("north", "east", "south", "west")
WORD = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")


def checked_word(value: str, what: str) -> str:
    """The value itself when it can name a host or a lab; otherwise a BunkerError."""
    if not WORD.fullmatch(value):
        raise BunkerError(
            f"{what} {value!r} is not usable",
            expected="at most 32 lower-case letters, digits and dashes, such as north",
        )
    return value


def host_names(wanted: int | list[str]) -> list[str]:
    """Names for a number of hosts (north, east, south, west, host-5, ...), or the given ones."""
    if isinstance(wanted, int):
        if wanted < 0 or wanted > 180:
            raise BunkerError(
                f"{wanted} hosts do not fit into one lab", expected="a number from 0 to 180"
            )
        return [
            COMPASS[index] if index < len(COMPASS) else f"host-{index + 1}"
            for index in range(wanted)
        ]
    names = [checked_word(name, "host name") for name in wanted]
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise BunkerError(f"host names given twice: {', '.join(doubles)}")
    return names


@dataclass(frozen=True)
class Naming:
    """Names and labels of one lab; two checkouts may both have a lab of the same name."""

    lab: str
    root_hash: str

    @classmethod
    def of(cls, root: Path, lab: str) -> Naming:
        """The naming of the lab ``lab`` that belongs to the checkout at ``root``."""
        digest = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
        return cls(checked_word(lab, "lab name"), digest)

    @property
    def prefix(self) -> str:
        """What every container, network and volume of this lab begins with."""
        return f"bunker-{self.lab}-{self.root_hash[:6]}"

    def container(self, part: str) -> str:
        """Container name of a host or a service."""
        return f"{self.prefix}-{part}"

    def docker_volume(self, host: str) -> str:
        """Volume that holds the nested engine's data of a host."""
        return f"{self.prefix}-{host}-docker"

    def labels(self, **more: str) -> dict[str, str]:
        """Labels that mark something as this lab's own, with further ones by short name."""
        extra = {f"bunker.lab.{key}": value for key, value in more.items()}
        return {LABEL_LAB: self.lab, LABEL_ROOT: self.root_hash, **extra}

    @property
    def filters(self) -> dict[str, list[str]]:
        """What makes the engine list this lab's own things only."""
        return {"label": [f"{key}={value}" for key, value in self.labels().items()]}
