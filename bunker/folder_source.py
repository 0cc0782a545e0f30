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
_SAME_EVERYWHERE: Final = ("-c", "core.fileMode=true")
AS_THEY_ARE: Final = "* -text -filter -ident !working-tree-encoding\n"
"""As ``info/attributes``, before any .gitattributes: git converts nothing and runs nothing."""


@dataclass(frozen=True)
class FolderCommit:
    """``commit`` names just these files; ``bundle`` brings them to a repository that has none."""

    commit: str
    bundle: bytes


def folder_of(root: Path, name: str) -> Path:
    """The folder ``files/NAME`` of a fleet's repository.

    Raises BunkerError where a link leads to outside of it: others may have other files there.
    """
    folder = root / "files" / name
    if not any(folder.resolve().is_relative_to(one.resolve()) for one in (root, root / "files")):
        raise BunkerError(
            f"a link leads from it to {folder.resolve()}, outside of the fleet",
            where=f"files/{name}",
            expected="a folder of the fleet",
        )
    return folder


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
            environment={
                "GIT_DIR": scratch,
                "GIT_WORK_TREE": str(folder.resolve()),
                # Nothing of the operator's own; git before 2.32 knows the last two alone.
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_ATTR_NOSYSTEM": "1",
                "HOME": scratch,
                "XDG_CONFIG_HOME": scratch,
                **_AUTHOR,
            },
        )
        try:
            git.output("init", "--quiet", "--template=")
            attributes = Path(scratch) / "info" / "attributes"
            attributes.parent.mkdir(exist_ok=True)
            attributes.write_text(AS_THEY_ARE)
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
            f"the files have {size} bytes",
            where=where,
            expected=f"at most {MOST_BYTES} ({MOST_BYTES // MEBIBYTE} MiB)",
        )
