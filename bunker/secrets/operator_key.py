"""The operator's age key: where it lies, who may read it, and what is derived from it."""

import hashlib
import hmac
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from pyrage import IdentityError, x25519

from bunker.errors import BunkerError
from bunker.files import create as create_file
from bunker.files import read_text, user_path
from bunker.git import Git
from bunker.masking import Secret

VARIABLE = "BUNKER_AGE_KEY_FILE"
_MAC_CONTEXT = b"bunker-ops saved-plan fingerprint v1"


def default_path() -> Path:
    """``$BUNKER_AGE_KEY_FILE``, else ``~/.config/bunker/operator.age``."""
    named = os.environ.get(VARIABLE)
    return user_path(named, VARIABLE) if named else Path.home() / ".config/bunker/operator.age"


def locate(key_file: Path | None = None) -> Path:
    """The key file to use, once it is known to exist and to be readable by its owner only."""
    path = (key_file or default_path()).absolute()
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise BunkerError(
            f"the operator's key cannot be read ({error.strerror})",
            where=str(path),
            remedy=f"Run `invoke secrets.init`, or name the key's file in {VARIABLE}",
        ) from None
    if mode & 0o077:
        raise BunkerError(
            f"the operator's key is open to others (mode {mode:04o})",
            where=str(path),
            expected="mode 0600",
            remedy=f"Run `chmod 600 {path}`; if others could log in here, make a new key",
        )
    return path


def load(key_file: Path | None = None) -> tuple[str, ...]:
    """The recipients (public halves) of a key file that was checked."""
    path = locate(key_file)
    return tuple(_recipient(line, path) for line in _identities(path))


def create(path: Path) -> tuple[str, ...]:
    """Make a new key: mode 0600, in a folder of mode 0700 when that has to be made."""
    refuse_exposed_place(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BunkerError(f"no key can be put there: {error.strerror}", where=str(path)) from None
    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"# created: {created}\n# public key: {recipient}\n{identity}\n"
    try:
        create_file(path, text.encode())
    except FileExistsError:
        raise BunkerError(
            "there is a key already; nothing was changed",
            where=str(path),
            remedy="Name another place for the new one with --file",
        ) from None
    except OSError as error:
        raise BunkerError(f"no key can be put there: {error.strerror}", where=str(path)) from None
    return (recipient,)


def refuse_exposed_place(path: Path) -> None:
    """Refuse a folder that others can write to, and one that git would record."""
    existing = next(folder for folder in path.absolute().parents if folder.is_dir())
    mode = existing.stat().st_mode
    if mode & 0o022 and not mode & stat.S_ISVTX:
        raise BunkerError(
            f"others may write to this folder (mode {stat.S_IMODE(mode):04o})",
            where=str(existing),
            expected="a folder of your own for the operator's key",
            remedy=f"Run `chmod go-w {existing}`, or name another file in {VARIABLE}",
        )
    resolved = existing.resolve()
    if any((folder / ".git").exists() for folder in (resolved, *resolved.parents)):
        _refuse_unless_ignored(path, existing)


def mac_key(key_file: Path | None = None) -> bytes:
    """32 bytes derived from the operator's key, for keyed fingerprints in saved plans.

    HKDF with SHA-256 (RFC 5869) over the first identity. Another operator's key gives other
    fingerprints, so a saved plan is compared on behalf of the one who made it.
    """
    identity = _identities(locate(key_file))[0].reveal().encode()
    pseudorandom = hmac.new(b"bunker-ops", identity, hashlib.sha256).digest()
    return hmac.new(pseudorandom, _MAC_CONTEXT + b"\x01", hashlib.sha256).digest()


def fingerprint(value: bytes, key: bytes) -> str:
    """Keyed fingerprint: 32 hexadecimal digits (128 bits) of HMAC-SHA-256.

    Without the key no one can test guesses of the value against it.
    """
    return hmac.new(key, value, hashlib.sha256).hexdigest()[:32]


def _identities(path: Path) -> list[Secret]:
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except FileNotFoundError:
        raise BunkerError("the operator's key is gone", where=str(path)) from None
    identities = [Secret(line) for line in lines if line.startswith("AGE-SECRET-KEY-")]
    if not identities:
        raise BunkerError(
            "the file holds no age key",
            where=str(path),
            expected="a line that starts with AGE-SECRET-KEY-",
            remedy="Restore the key from its backup",
        )
    return identities


def _recipient(identity: Secret, path: Path) -> str:
    try:
        return str(x25519.Identity.from_str(identity.reveal()).to_public())
    except IdentityError:
        raise BunkerError(
            "the age key is damaged",
            where=str(path),
            expected="the line AGE-SECRET-KEY-… as it was made",
            remedy="Restore the key from its backup",
        ) from None


def _refuse_unless_ignored(path: Path, existing: Path) -> None:
    try:
        words = ("check-ignore", "-q", "--", str(path.absolute()))
        ignored = Git(existing).run(*words).returncode == 0
    except BunkerError:
        ignored = False
    if not ignored:
        raise BunkerError(
            "the operator's key would lie inside a git work tree",
            where=str(path),
            expected="a place outside of every repository, or one that git ignores",
            remedy=f"Name another file in {VARIABLE}",
        )
