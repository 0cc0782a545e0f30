"""Files of the fleet as code: one commit, the same on every machine that has the same files."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bunker.errors import BunkerError
from bunker.files import MEBIBYTE
from bunker.git import Git, GitFailed

MOST_BYTES: Final = 16 * MEBIBYTE
BRANCH: Final = "refs/heads/files"
_AUTHOR: Final = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "Bunker Ops"),
        ("EMAIL", "bunker@localhost"),
        ("DATE", "2000-01-01T00:00:00+0000"),
    )
}
_SETTINGS: Final = """core.autocrlf=false core.fileMode=true core.attributesFile=/dev/null
    core.excludesFile=/dev/null commit.gpgSign=false"""
_SAME_EVERYWHERE: Final = tuple(word for one in _SETTINGS.split() for word in ("-c", one))


@dataclass(frozen=True)
class FolderCommit:
    """``commit`` names just these files; ``bundle`` brings them to a repository that has none."""

    commit: str
    bundle: bytes


def commit_of(folder: Path, where: str) -> FolderCommit:
    """The files below a folder as a commit. ``where`` names the folder in errors.

    Raises BunkerError where it is not there, is empty or too large, or holds what is no plain file.
    """
    _check(folder, where)
    with tempfile.TemporaryDirectory(prefix="bunker-files-") as scratch:
        git = Git(
            folder=folder,
            where=where,
            options=_SAME_EVERYWHERE,
            environment={"GIT_DIR": scratch, "GIT_WORK_TREE": str(folder.resolve()), **_AUTHOR},
        )
        try:
            git.output("init", "--quiet")
            git.output("add", "--all", "--force", ".")
            tree = git.output("write-tree").decode().strip()
            commit = git.output("commit-tree", "-m", "Files of the fleet", tree).decode().strip()
            git.output("update-ref", BRANCH, commit)
            return FolderCommit(commit, git.output("bundle", "create", "-", BRANCH))
        except GitFailed as error:
            raise BunkerError(f"git cannot take it: {error.problem}", where=where) from None


def _check(folder: Path, where: str) -> None:
    if not folder.is_dir():
        raise BunkerError("there is no such folder", where=where)
    size = found = 0
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            text = f"{inside} is no plain file"
            raise BunkerError(text, where=where, expected="files and folders")
        if ".git" in inside.parts:
            raise BunkerError(f"{inside} belongs to a repository", where=where, expected="files")
        if path.is_file():
            found += 1
            size += path.stat().st_size
    if not found:
        raise BunkerError("the folder is empty", where=where, expected="a Compose project")
    if size > MOST_BYTES:
        raise BunkerError(
            f"the files have {size // MEBIBYTE} MiB", where=where, expected="at most 16 MiB"
        )
