"""What all labs of a user share on a machine: locks, and the programs that they need.

As root, programs that are missing are installed.
"""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock

from bunker.errors import BunkerError
from bunker.lab.progress import progress

# Program -> Debian or Ubuntu package.
NEEDED = {"ssh": "openssh-client", "ssh-keygen": "openssh-client", "git": "git", "ip": "iproute2"}


def shared_folder(parent: Path | None = None) -> Path:
    """A folder of this user, for labs of any checkout; BunkerError where it is not theirs."""
    user = os.geteuid()
    folder = (parent or Path(tempfile.gettempdir())) / f"bunker-lab-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # In a folder that others can write to, whoever comes first could lay a trap.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o022:
        raise BunkerError(
            "the labs' shared folder belongs to another user",
            where=str(folder),
            expected="a folder that only its owner can write to",
            remedy=f"Remove it: rm -r {folder}",
        )
    return folder


def lock(name: str) -> AbstractContextManager[object]:
    """One process and thread of this user at a time; it ends with its process at the latest."""
    return FileLock(shared_folder() / f"{name}.lock")


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
    with lock("packages"):
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
