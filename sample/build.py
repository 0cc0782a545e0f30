"""Makes the sample application's git repository: one commit a version, always the same ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BRANCH = "v2"


@dataclass(frozen=True)
class Version:
    """One tagged version: the folder laid over its parent's files, when and why it was made."""

    tag: str
    parent: str | None
    date: str
    message: str


VERSIONS = (
    Version("v2.0.0", None, "2025-01-06T09:00:00Z", "First release"),
    Version("v2.1.0", "v2.0.0", "2025-02-10T09:00:00Z", "Give campaigns a tagline"),
    Version(
        "v2.2.0-destructive",
        "v2.1.0",
        "2025-03-10T09:00:00Z",
        "Drop descriptions and responses of campaigns",
    ),
    Version("v2.2.0-crash", "v2.1.0", "2025-03-10T09:10:00Z", "Read the template cache at start"),
    Version(
        "v2.2.0-broken-migration",
        "v2.1.0",
        "2025-03-10T09:20:00Z",
        "Split names from e-mail addresses, and give people a region",
    ),
    Version("v2.2.0-slow-burn", "v2.1.0", "2025-03-10T09:30:00Z", "Keep session slots"),
)


def build_repository(target: Path) -> dict[str, str]:
    """Make a bare repository at ``target`` (which must not exist): the commit of each tag.

    Branch ``v2`` points at the first version. The commits depend on the files alone, not on this
    machine's git configuration, user or clock. Raises FileExistsError for a target that is there,
    and CalledProcessError when git fails.
    """
    target = target.resolve()
    if target.exists():
        raise FileExistsError(target)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "template").mkdir()
        git = _Git(target, scratch)
        git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(target))
        commits: dict[str, str] = {}
        for version in VERSIONS:
            commits[version.tag] = _commit(git, version, commits)
            git("update-ref", f"refs/tags/{version.tag}", commits[version.tag])
        git("update-ref", f"refs/heads/{BRANCH}", commits[VERSIONS[0].tag])
    return commits


def lay_out(tag: str, target: Path) -> None:
    """Write the files of one version into the folder ``target``, its parents' first."""
    version = next(version for version in VERSIONS if version.tag == tag)
    if version.parent:
        lay_out(version.parent, target)
        source = HERE / "versions" / version.tag
    else:
        source = HERE / "application"
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignore)


class _Git:
    """Runs git on one repository, deaf to every configuration but its own."""

    def __init__(self, repository: Path, scratch: Path) -> None:
        self.scratch = scratch
        self.tree = scratch / "tree"
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        self._environment = kept | {
            "HOME": str(scratch),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TEMPLATE_DIR": str(scratch / "template"),
            "GIT_DIR": str(repository),
            "GIT_WORK_TREE": str(self.tree),
            "GIT_INDEX_FILE": str(scratch / "index"),
            "GIT_AUTHOR_NAME": "Changemaker Lite",
            "GIT_AUTHOR_EMAIL": "developers@changemaker.example",
            "GIT_COMMITTER_NAME": "Changemaker Lite",
            "GIT_COMMITTER_EMAIL": "developers@changemaker.example",
        }

    def __call__(self, *arguments: str, date: str = "", text: str | None = None) -> str:
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
        environment = self._environment | dates
        if arguments[0] == "init":
            # A repository that is being made has no work tree yet.
            environment = {
                name: value
                for name, value in environment.items()
                if name not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
            }
        done = subprocess.run(
            ["git", *arguments],
            env=environment,
            cwd=self.scratch,
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


def _commit(git: _Git, version: Version, commits: dict[str, str]) -> str:
    shutil.rmtree(git.tree, ignore_errors=True)
    git.tree.mkdir()
    lay_out(version.tag, git.tree)
    for file in git.tree.rglob("*"):
        if file.is_file():
            # Only the owner's x bit may count, whatever mask the files were checked out with.
            file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
    # A new index for every version: files keep their times when they are copied, and an index that
    # remembers the version before would take a changed file of the same size and time for the same.
    (git.scratch / "index").unlink(missing_ok=True)
    # --force: the application ignores files of its own, such as kept empty folders.
    git("-c", "core.autocrlf=false", "-c", "core.fileMode=true", "add", "--all", "--force", ".")
    tree = git("write-tree")
    parents = ["-p", commits[version.parent]] if version.parent else []
    return git("commit-tree", tree, *parents, date=version.date, text=f"{version.message}\n")
