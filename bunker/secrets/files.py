"""Vault files on disk: one writer at a time, and a new version appears whole or not at all."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bunker import locks
from bunker.errors import BunkerError, ExitCode
from bunker.files import make_unversioned, read_bytes, write_atomically

LOCK_SECONDS = 30.0
KEPT_VERSIONS = 10
"""So many replaced versions of each vault are kept beside it."""
KEPT_TIME = "%Y%m%dT%H%M%S-%f"
"""When a kept version was replaced (UTC), as its file's name has it."""
_HOST_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


class VaultLockedError(BunkerError):
    """Another process keeps a vault's lock for longer than we wait."""

    exit_code = ExitCode.LOCK_HELD


def vault_path(fleet_folder: Path, host_name: str) -> Path:
    """Where a host's encrypted secrets lie."""
    if not _HOST_NAME.fullmatch(host_name):
        expected = "lower-case letters, digits and dashes"
        raise BunkerError(f"{host_name!r} is not a host name", expected=expected)
    return fleet_folder / f"{host_name}.sops.yml"


def config_path(fleet_folder: Path) -> Path:
    """Where a fleet says who may read its secrets."""
    return fleet_folder / ".sops.yaml"


def read(path: Path) -> bytes:
    """A vault's ciphertext."""
    try:
        return read_bytes(path)
    except FileNotFoundError:
        raise BunkerError(
            "the host has no secrets file",
            where=str(path),
            remedy="Restore it from git; a host that never had one gets it with "
            f"`invoke secrets.generate {path.name.partition('.')[0]}`",
        ) from None


@contextmanager
def locked(fleet_folder: Path, host_name: str) -> Iterator[None]:
    """Hold the right to write one host's vault; another process waits up to 30 seconds.

    The kernel releases the lock of a process that died.
    """
    folder = fleet_folder / ".locks"
    refusal = VaultLockedError(
        f"another command has been writing these secrets for {LOCK_SECONDS:.0f} seconds",
        where=str(vault_path(fleet_folder, host_name)),
        remedy="Wait until it ends and run this again",
    )
    with ExitStack() as held:
        try:
            make_unversioned(folder)
            held.enter_context(locks.locked(folder / f"{host_name}.lock", LOCK_SECONDS, refusal))
        except OSError as error:
            problem = f"the fleet folder cannot be written ({error.strerror})"
            raise BunkerError(problem, where=str(fleet_folder)) from None
        yield


def replace(path: Path, ciphertext: bytes) -> None:
    """Write a vault; the version that it had is kept first."""
    try:
        old = path.read_bytes()
    except FileNotFoundError:
        old = ciphertext
    except OSError as error:
        raise BunkerError(f"it cannot be read ({error.strerror})", where=str(path)) from None
    if old != ciphertext:
        _keep(path, old)
    write_atomically(path, ciphertext)


def kept(path: Path) -> list[Path]:
    """The kept versions of a vault, the newest first."""
    return sorted(_kept_folder(path).glob("*.sops.yml"), reverse=True)


def _keep(path: Path, ciphertext: bytes) -> None:
    folder = _kept_folder(path)
    try:
        make_unversioned(folder.parent, mode=0o700)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        problem = f"the version so far cannot be kept ({error.strerror}); nothing was written"
        raise BunkerError(problem, where=str(folder)) from None
    now = datetime.now(UTC).strftime(KEPT_TIME)
    write_atomically(folder / f"{now}.sops.yml", ciphertext)
    for old in kept(path)[KEPT_VERSIONS:]:
        old.unlink(missing_ok=True)


def _kept_folder(path: Path) -> Path:
    return path.parent / ".previous" / path.name.removesuffix(".sops.yml")
