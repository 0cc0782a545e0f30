"""Programs that the lab needs on the control machine; as root, missing ones are installed."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from bunker.errors import BunkerError
from bunker.lab import machine
from bunker.lab.progress import progress

# Program -> Debian or Ubuntu package.
NEEDED = {"ssh": "openssh-client", "ssh-keygen": "openssh-client", "git": "git", "ip": "iproute2"}


def is_root() -> bool:
    """Whether this process may install packages and start services."""
    return os.geteuid() == 0


def require(programs: Mapping[str, str] = NEEDED) -> None:
    """Install the packages of missing programs; a BunkerError naming them when that is impossible.

    ``programs`` maps a program to its package.
    """
    missing = sorted(
        {package for program, package in programs.items() if not shutil.which(program)}
    )
    if not missing:
        return
    if not is_root() or not shutil.which("apt-get"):
        raise BunkerError(
            f"the lab needs {', '.join(missing)}, not installed here",
            remedy=f"Install it as root: apt install {' '.join(missing)}",
        )
    progress(f"installing {', '.join(missing)}")
    install(*missing)


def install(*packages: str) -> None:
    """Install distribution packages without asking anything."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    with machine.lock("packages"):
        for attempt in (command, ["apt-get", "update"], command):
            result = subprocess.run(
                attempt, capture_output=True, text=True, env=environment, check=False, timeout=600
            )
            if attempt is command and result.returncode == 0:
                return
    said = (result.stderr or result.stdout).strip().splitlines()
    raise BunkerError(
        f"installing {', '.join(packages)} failed: {said[-1] if said else 'no output'}",
        remedy="Install it by hand and run the command again",
    )
