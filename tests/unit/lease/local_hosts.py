"""Hosts that are folders: their keepers run in a local bash, everything else is the real thing.

As a program it is a controller of its own, for tests that stop or kill it: it takes the leases,
says on stdout what it holds, and again whenever that changes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bunker.fleet import Host
from bunker.lease.leases import HostLeases
from bunker.remote import Remote


class LocalHost(Remote):
    """A host whose /run and /var/lib are folders under ``root``."""

    def __init__(self, root: Path, name: str = "north") -> None:
        super().__init__(
            Host(name=name, address="203.0.113.1", domain=f"{name}.example.org"), root / "known"
        )
        self.root = root / name

    @property
    def lease(self) -> Path:
        """The lease on the host."""
        return self.root / "run" / "lease.json"

    @property
    def maintenance(self) -> Path:
        """The maintenance on the host."""
        return self.root / "state" / "maintenance.json"

    def command(self, script: str | Sequence[str] = (), *, tty: bool = False) -> list[str]:
        """The program that `ssh` would start there."""
        words = ["sh", "-c", script] if isinstance(script, str) else list(script)
        if words[:3] == ["sudo", "-n", "--"]:
            words = words[3:]
        run, state = self.root / "run", self.root / "state"
        return [
            word.replace("/run/bunker", str(run)).replace("/var/lib/bunker", str(state))
            for word in words
        ]


def main() -> None:
    """``FOLDER RUN BEAT_SECONDS HOST…``"""
    folder, run, beat, *names = sys.argv[1:]
    remotes = [LocalHost(Path(folder), name) for name in names]
    said = None
    with HostLeases(
        remotes, run=run, purpose="rollout", beat_seconds=int(beat), owner="anna@desk"
    ) as leases:
        while True:
            now = {"held": sorted(leases.held), "lost": sorted(leases.lost)}
            if now != said:
                said = now
                sys.stdout.write(json.dumps(now | {"refused": sorted(leases.refused)}) + "\n")
                sys.stdout.flush()
            time.sleep(0.05)


if __name__ == "__main__":
    main()
