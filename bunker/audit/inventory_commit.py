"""The inventory of a run as a git commit, so that `git log` tells which run used which files.

Made with git's plumbing and an index of its own: a plain `git commit --only` would run the
operator's hooks, ask for a signature, and leave out files that are new.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunker.audit.log import append
from bunker.audit.plaintext_secrets import why_not_to_commit
from bunker.audit.who import operator
from bunker.errors import BunkerError
from bunker.git import Git, GitFailed, GitMissing, why_failed

_TRIES = 3
_UNDER_WAY = (
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
)
_QUIET = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "core.quotePath=false")


@dataclass(frozen=True)
class InventoryCommit:
    """``commit`` is None where there was nothing to commit, no repository, or a ``problem``.

    With both, the commit was made and the problem is what the operator should still do.
    """

    commit: str | None = None
    problem: str | None = None
    files: tuple[str, ...] = ()


def commit_inventory(root: Path, fleet: str, run: str, message: str) -> InventoryCommit:
    """Commit the pending changes of a fleet's folder and of the group data, and nothing else.

    What the operator has staged elsewhere stays staged and uncommitted. No hook runs, nothing is
    signed, nothing is asked. The message gets a line ``Run: <run>``, and the audit log an entry
    ``inventory.changed``. Never raises: a run does not fail because of its history. A file that
    holds secrets in plaintext keeps everything uncommitted, and the problem names it.
    """
    folder = (root / "inventories" / fleet).resolve()
    if not folder.is_dir():
        return InventoryCommit()
    try:
        repository = _Repository.around(folder)
        if repository is None:
            return InventoryCommit()
        group_data = [root / "group_data", root / "inventories" / "group_data"]
        made = repository.commit([folder, *(path.resolve() for path in group_data)], run, message)
    except (BunkerError, OSError) as error:
        reason = getattr(error, "problem", error)
        return InventoryCommit(None, f"the inventory was not committed: {reason}")
    if made.commit is None:
        return made
    try:
        what = {"commit": made.commit, "files": list(made.files)}
        append(root, fleet, "inventory.changed", run=run, what=what, outcome="ok")
    except BunkerError as error:
        problem = "; ".join(filter(None, (made.problem, str(error))))
        return InventoryCommit(made.commit, problem, made.files)
    return made


@dataclass(frozen=True)
class _Repository:
    """The work tree ``top``, without hooks and pathspec magic."""

    top: Path

    @classmethod
    def around(cls, folder: Path) -> _Repository | None:
        """The work tree that records this folder; None where none does."""
        try:
            asked = cls(folder).run("rev-parse", "--show-toplevel", check=False)
        except GitMissing:
            return None
        if asked.returncode != 0:
            said = why_failed(asked)
            if "not a git repository" in said or "work tree" in said:
                return None
            raise GitFailed(said)
        repository = cls(Path(os.fsdecode(asked.stdout).rstrip("\n")))
        return None if repository._ignores(folder) else repository

    def commit(self, folders: Sequence[Path], run: str, message: str) -> InventoryCommit:
        for path, name in _UNDER_WAY:
            place = self.text("rev-parse", "--git-path", path)
            if (self.top / place).exists():
                problem = f"the inventory was not committed: a {name} is under way in {self.top}"
                return InventoryCommit(None, problem)
        paths = [str(path.relative_to(self.top)) for path in folders if self._records(path)]
        if not paths:
            return InventoryCommit()
        for _try in range(_TRIES):
            made = self._try_to_commit(paths, run, message)
            if made is not None:
                return made
        raise BunkerError("other commits came in between again and again")

    def _records(self, path: Path) -> bool:
        if not path.is_relative_to(self.top) or self._ignores(path):
            return False
        name = str(path.relative_to(self.top))
        return path.is_dir() or bool(self.run("ls-files", "-z", "--", name).stdout)

    def _ignores(self, path: Path) -> bool:
        return self.run("check-ignore", "-q", "--", str(path), check=False).returncode == 0

    def _try_to_commit(
        self, paths: Sequence[str], run: str, message: str
    ) -> InventoryCommit | None:
        """One try; None where another user's commit came in between."""
        parent = self.text("rev-parse", "-q", "--verify", "HEAD^{commit}", check=False)
        with tempfile.TemporaryDirectory(prefix="bunker-index-") as place:
            index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
            self.run("read-tree", parent or "--empty", more=index)
            if problem := _refusal(self._on_disk(paths, index)):
                return InventoryCommit(None, problem)
            self.run("add", "--all", "--", *paths, more=index)
            tree = self.text("write-tree", more=index)
            base = f"{parent}^{{tree}}" if parent else self.text("mktree")
            changed = self._changed_files(self.text("rev-parse", base), tree)
            if not changed:
                return InventoryCommit()
            if problem := _refusal(self._in_tree(tree, changed)):
                return InventoryCommit(None, problem)
        commit = self._write_commit(tree, parent, run, message)
        reason = "bunker: inventory of a run"
        # Fails, instead of losing a commit, where HEAD is no longer what the tree was made from.
        expected = parent or "0" * len(tree)
        moved = self.run("update-ref", "-m", reason, "HEAD", commit, expected, check=False)
        if moved.returncode != 0:
            now = self.text("rev-parse", "-q", "--verify", "HEAD^{commit}", check=False)
            if now != parent:
                return None
            raise GitFailed(why_failed(moved))
        return InventoryCommit(commit, self._refresh_index(changed), tuple(changed))

    def _changed_files(self, before: str, after: str) -> list[str]:
        shown = self.run("diff-tree", "-r", "-z", "--no-renames", "--name-only", before, after)
        return sorted(os.fsdecode(name) for name in shown.stdout.split(b"\0") if name)

    def _on_disk(self, paths: Sequence[str], index: dict[str, str]) -> Iterator[tuple[str, bytes]]:
        """Changed and new files, before they become git's objects, which outlive a refusal."""
        wanted = ("-z", "--modified", "--others", "--exclude-standard", "--", *paths)
        listed = self.run("ls-files", *wanted, more=index).stdout
        for name in sorted({os.fsdecode(part) for part in listed.split(b"\0") if part}):
            path = self.top / name
            if path.is_symlink() or not path.is_file():
                continue
            yield name, path.read_bytes()

    def _in_tree(self, tree: str, changed: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The same of what would be committed: a file may have changed since it was read."""
        listed = self.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree).stdout
        present = {os.fsdecode(name) for name in listed.split(b"\0")}
        for name in changed:
            if name in present:
                yield name, self.run("cat-file", "blob", f"{tree}:{name}").stdout

    def _write_commit(self, tree: str, parent: str, run: str, message: str) -> str:
        text = f"{message.strip() or 'Inventory'}\n\nRun: {' '.join(run.split())}\n"
        identity = []
        for name, fallback in (
            ("user.name", operator().partition("@")[0]),
            ("user.email", operator()),
        ):
            if not self.text("config", name, check=False):
                identity += ["-c", f"{name}={fallback}"]
        parents = ["-p", parent] if parent else []
        arguments = [*identity, "commit-tree", "--no-gpg-sign", tree, *parents, "-F", "-"]
        return self.run(*arguments, given=text).stdout.decode().strip()

    def _refresh_index(self, changed: Sequence[str]) -> str | None:
        """Let the operator's own index know these files' new versions, and leave its others."""
        given = "".join(f"{name}\0" for name in changed)
        arguments = ("reset", "-q", "--pathspec-from-file=-", "--pathspec-file-nul")
        for _try in range(_TRIES):
            done = self.run(*arguments, given=given, check=False)
            if done.returncode == 0:
                return None
        return (
            "the inventory was committed, but git's index was not brought up to date"
            f" ({why_failed(done)}): "
            "run `git reset -q` there before the next commit"
        )

    def text(self, *arguments: str, more: dict[str, str] | None = None, check: bool = True) -> str:
        return os.fsdecode(self.run(*arguments, more=more, check=check).stdout).strip()

    def run(
        self,
        *arguments: str,
        more: dict[str, str] | None = None,
        given: str = "",
        check: bool = True,
    ) -> subprocess.CompletedProcess[bytes]:
        settings = [part for setting in _QUIET for part in ("-c", setting)]
        # This one command knows no magic, nor the option against it.
        literal = [] if arguments[0] == "check-ignore" else ["--literal-pathspecs"]
        git = Git(self.top, options=(*literal, *settings), environment=more or {})
        done = git.run(*arguments, given=given.encode(errors="surrogateescape"))
        if check and done.returncode != 0:
            raise GitFailed(why_failed(done))
        return done


def _refusal(files: Iterable[tuple[str, bytes]]) -> str | None:
    """Why these files, by name and content, must not be committed."""
    for name, content in files:
        if reason := why_not_to_commit(name, content):
            remedy = "Encrypt it, or take it out of the folder"
            return f"the inventory was not committed: {name} {reason}. {remedy}"
    return None
