"""Locks for what all labs of a user share on a machine: the engine, its images and networks."""

import os
import stat
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock

from bunker.errors import BunkerError


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
