"""Taking a host out of the fleet: its files only, and never the last copy of them."""

import os
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError
from bunker.files import write_atomically
from bunker.fleet import known_hosts
from bunker.fleet.fleet import Fleet
from bunker.fleet.loader import load_fleet
from bunker.git import Git, GitFailed, GitMissing
from bunker.vault_text import recipients


@dataclass(frozen=True)
class Removed:
    """What was removed; ``kept_in`` is the git commit that still has it, None with ``force``."""

    name: str
    files: tuple[Path, ...]
    kept_in: str | None


def remove_instance(root: Path, fleet_name: str, name: str, *, force: bool = False) -> Removed:
    """Remove a host's file, its secrets and its host key from the fleet. The server is untouched.

    In a git repository the files are committed as they are, if they are not yet, and then their
    removal; nothing else is committed. Elsewhere it refuses unless ``force``: the secrets would be
    gone for good. Raises BunkerError, with every file back in place, where git refuses.
    """
    fleet = load_fleet(root, fleet_name, require_secrets=False, partial=True)
    host = fleet.host(name)
    candidates = (fleet.host_file(name), fleet.secrets_file(name))
    files = tuple(path for path in candidates if path.exists())
    kept = _is_kept(fleet, files)
    if not kept and not force:
        raise BunkerError(
            f"the files of {name} are not in a git repository: their removal cannot be undone",
            where=str(fleet.folder),
            remedy="Copy them elsewhere and repeat with --force",
        )
    touched = (*files, *((fleet.known_hosts,) if fleet.known_hosts.exists() else ()))
    commit = _keep_copy(fleet, name, touched) if kept else None
    before = {path: (path.read_bytes(), path.stat().st_mode & 0o777) for path in touched}
    try:
        for path in files:
            path.unlink()
        known_hosts.forget(fleet.known_hosts, host.address, host.port)
        if kept:
            _git(fleet, "add", "-A", "--", *map(str, touched))
            message = (
                f"Remove {name} from the fleet {fleet.name}; the commit before holds its files"
            )
            _commit(fleet, message, touched)
    except BaseException:
        for path, (content, mode) in before.items():
            write_atomically(path, content, mode=mode)
        if kept:
            _git(fleet, "add", "--", *map(str, touched))
        raise
    return Removed(name, files, commit)


def _is_kept(fleet: Fleet, files: tuple[Path, ...]) -> bool:
    """Whether git would keep every file: inside a work tree and not ignored."""
    git = Git(fleet.folder)
    try:
        if git.line("rev-parse", "--is-inside-work-tree") != "true":
            return False
        return git.run("check-ignore", "--", *map(str, files)).returncode == 1
    except GitMissing:
        return False


def _keep_copy(fleet: Fleet, name: str, files: tuple[Path, ...]) -> str:
    """The commit that holds the files as they are now, made if need be."""
    _refuse_plaintext_secrets(fleet.secrets_file(name))
    paths = [str(path) for path in files]
    if _git(fleet, "status", "--porcelain", "--", *paths):
        _git(fleet, "add", "--", *paths)
        _commit(fleet, f"Keep {name} as it is before its removal from {fleet.name}", files)
    return _git(fleet, "rev-parse", "HEAD").strip()


def _refuse_plaintext_secrets(path: Path) -> None:
    """A commit cannot be taken back from those who fetched it."""
    if path.exists() and not recipients(path.read_bytes()):
        raise BunkerError(
            "the secrets file is not encrypted, so it must not enter git",
            where=str(path),
            remedy="Look at it with `invoke secrets.check`",
        )


def _commit(fleet: Fleet, message: str, files: tuple[Path, ...]) -> None:
    # With paths, git commits these alone, whatever else the operator has staged.
    if _git(fleet, "status", "--porcelain", "--", *map(str, files)):
        _git(fleet, "commit", "-q", "-m", message, "--", *map(str, files))


def _git(fleet: Fleet, *arguments: str) -> str:
    try:
        # No time limit: a hook of the operator's may take long, or a key wait for its passphrase.
        return os.fsdecode(Git(fleet.folder).output(*arguments, timeout=None))
    except GitFailed as error:
        raise BunkerError(
            f"git {arguments[0]} failed: {error.problem}",
            where=str(fleet.folder),
            remedy="Correct that and repeat; the host's files are unchanged",
        ) from None
