"""SSH keys of people: reading a public half, which keys someone holds, signing and verifying.

The one owner of `ssh-keygen -Y` and of asking an ssh-agent. Of private keys only the public half
is looked at.
"""

from __future__ import annotations

import base64
import os
import pwd
import re
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bunker.errors import BunkerError
from bunker.files import read_bytes, user_path
from bunker.git import Git
from bunker.host_keys import fingerprint
from bunker.openssh import run

NAMESPACE: Final = "bunker-approval"
"""A signature counts for this purpose alone; one made for git or a file is refused."""

VARIABLE: Final = "BUNKER_OPERATOR_SSH_KEY"
_SECONDS: Final = 20
_LARGEST: Final = 100_000
"""Bytes; no key and no configuration of ssh is longer."""


@dataclass(frozen=True)
class PublicKey:
    """A public key; two are equal when the key is, whatever its comment says."""

    kind: str
    data: str

    @classmethod
    def of(cls, line: str) -> PublicKey | None:
        """The key in one line of a public key file; None where there is none."""
        words = line.split()
        if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
            return None
        try:
            base64.b64decode(words[1], validate=True)
        except ValueError:
            return None
        return cls(words[0], words[1])

    @property
    def fingerprint(self) -> str:
        """As ssh shows it: ``SHA256:…``."""
        return fingerprint(self.data)


def operator_key(given: Path | str | None = None) -> Path:
    """The operator's own key: what was given, else $BUNKER_OPERATOR_SSH_KEY, else id_ed25519."""
    named = str(given or os.environ.get(VARIABLE, "")) or "~/.ssh/id_ed25519"
    return user_path(named, VARIABLE)


def public_key(path: Path) -> PublicKey | None:
    """The public half of a key file, or of the public file itself; None where there is none.

    No one is asked for a passphrase.
    """
    beside = path if path.suffix == ".pub" else Path(f"{path}.pub")
    return _in_public_file(beside) or (None if beside == path else _in_private_file(path))


def held_keys(named: Sequence[Path], *, place: Path | None = None) -> frozenset[PublicKey]:
    """Every key that whoever runs this can be known to hold.

    The named ones; every private key in ~/.ssh, of the account and of who called `sudo`, by its
    own content and by the public file beside it; those that an ssh configuration there names; what
    git signs with (in the folder ``place``); and those of the ssh-agents. A public file counts
    only where the private one lies beside it.
    """
    files = [path for path in named if path.suffix != ".pub"]
    sockets = {os.environ.get("SSH_AUTH_SOCK", "")}
    for home in _homes():
        for path in sorted((home / ".ssh").rglob("*")):
            files.append(path)
            for word, value in _configured(path):
                place_named = Path(value.replace("%d", str(home)))
                place_named = home / value[2:] if value.startswith("~/") else place_named
                if word == "identityagent":
                    sockets.add(str(place_named))
                else:
                    files.append(place_named)
    keys = {*_git_signing_keys(place), *(key for socket in sockets for key in _agent_keys(socket))}
    for path in files:
        own = _in_private_file(path)
        if own or (path.suffix != ".pub" and _is_private(path)):
            keys |= {own, _in_public_file(Path(f"{path}.pub"))}
    return frozenset(key for key in keys if key)


def _homes() -> list[Path]:
    """Home folders of who runs this: $HOME, the account's, and that of who called `sudo`."""
    found = [Path("~").expanduser()]
    for account in (os.getuid(), os.environ.get("SUDO_USER", "")):
        with suppress(KeyError):
            entry = pwd.getpwnam(account) if isinstance(account, str) else pwd.getpwuid(account)
            found.append(Path(entry.pw_dir))
    return list(dict.fromkeys(found))


def _content(path: Path) -> bytes:
    try:
        return read_bytes(path, most=_LARGEST)
    except (FileNotFoundError, BunkerError):
        return b""


def _is_private(path: Path) -> bool:
    return b"PRIVATE KEY-----" in _content(path)


def _in_public_file(path: Path) -> PublicKey | None:
    return PublicKey.of(_content(path).decode(errors="replace"))


def _in_private_file(path: Path) -> PublicKey | None:
    """The public half that a private key file tells; None where it does without its passphrase.

    OpenSSH's own form has it in plaintext, also that of a hardware key's handle. Of the older it
    is computed, which one with a passphrase does not allow.
    """
    content = _content(path)
    begin, _mark, rest = content.partition(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    if rest and not begin.strip():
        return _of_header(rest.partition(b"-----END")[0])
    if not _is_private(path):
        return None
    # From a pipe, since ssh-keygen would refuse a file that others may read. An empty passphrase
    # is offered, so that a key that has another one fails instead of asking.
    done = _keygen(["-y", "-P", "", "-f", "/dev/stdin"], content)
    return PublicKey.of(done.stdout.decode(errors="replace")) if done.returncode == 0 else None


def _of_header(encoded: bytes) -> PublicKey | None:
    """The public key of "openssh-key-v1": cipher, kdf, its options, a count, and then the key."""
    try:
        data = base64.b64decode(b"".join(encoded.split()), validate=True)
        rest = data.removeprefix(b"openssh-key-v1\0")
        for _field in ("cipher", "kdf", "options"):
            _value, rest = _string(rest)
        blob, _rest = _string(rest[4:])
        kind, _rest = _string(blob)
        return PublicKey.of(f"{kind.decode()} {base64.b64encode(blob).decode()}")
    except (ValueError, struct.error):
        return None


def _string(data: bytes) -> tuple[bytes, bytes]:
    """A field with its length in front, and what follows it."""
    (length,) = struct.unpack(">I", data[:4])
    return data[4 : 4 + length], data[4 + length :]


def _configured(path: Path) -> list[tuple[str, str]]:
    """IdentityFile and IdentityAgent lines, where a file has any."""
    text = _content(path).decode(errors="replace")
    found = re.findall(r"^\s*(identity(?:file|agent))[\s=]+\"?([^\"\n]+)", text, re.I | re.M)
    return [(word.lower(), value.strip()) for word, value in found]


def _git_signing_keys(place: Path | None) -> list[PublicKey | None]:
    """What git signs commits with: a file of ssh's, or the public key itself."""
    done = b""
    with suppress(BunkerError, OSError, ValueError):
        done = Git(place or ".").output("config", "--get-all", "user.signingKey")
    keys: list[PublicKey | None] = []
    for line in done.decode(errors="replace").splitlines():
        value = line.removeprefix("key::").strip()
        path = Path(os.path.expanduser(value))  # noqa: PTH111 - `~nobody` is no error here
        keys += [PublicKey.of(value), _in_private_file(path), _in_public_file(path)]
        keys.append(_in_public_file(Path(f"{path}.pub")))
    return keys


def _agent_keys(socket: str) -> list[PublicKey | None]:
    if not socket:
        return []
    try:
        environment = {**os.environ, "SSH_AUTH_SOCK": socket}
        done = run(["ssh-add", "-L"], timeout=_SECONDS, environment=environment)
    except (BunkerError, OSError, ValueError):
        return []
    lines = done.stdout.decode(errors="replace").splitlines() if done.returncode == 0 else []
    return [PublicKey.of(line) for line in lines]


def sign(text: str, key: Path) -> str:
    """The signature of a text; the key may have a passphrase (asked on the terminal) or a touch.

    Raises BunkerError where ssh-keygen could not sign.
    """
    words = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE]
    done = run(words, text.encode(), timeout=None, prompts=True)
    signature = done.stdout.decode(errors="replace")
    if done.returncode != 0 or "BEGIN SSH SIGNATURE" not in signature:
        raise BunkerError(
            "the approval could not be signed",
            where=str(key),
            expected="a private SSH key, or a public one whose private half the ssh-agent has",
        )
    return signature


def signer_of(text: str, signature: str, allowed: Sequence[str]) -> int | None:
    """Which of the allowed public key lines made this signature; None when none of them did."""
    with tempfile.TemporaryDirectory(prefix="bunker-approval-") as folder:
        signers, signed = Path(folder, "allowed"), Path(folder, "signature")
        keys = [PublicKey.of(line) for line in allowed]
        signers.write_text(
            "".join(
                f'approver-{number} namespaces="{NAMESPACE}" {key.kind} {key.data}\n'
                for number, key in enumerate(keys)
                if key
            )
        )
        signed.write_text(signature)
        found = _keygen(["-Y", "find-principals", "-s", str(signed), "-f", str(signers)])
        principals = found.stdout.decode(errors="replace").split()
        if found.returncode != 0 or len(principals) != 1:
            return None
        check = ["-Y", "verify", "-f", str(signers), "-I", principals[0], "-n", NAMESPACE]
        done = _keygen([*check, "-s", str(signed)], text.encode())
    return int(principals[0].removeprefix("approver-")) if done.returncode == 0 else None


def _keygen(words: list[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return run(["ssh-keygen", *words], given, timeout=_SECONDS)
    except TimeoutError:
        raise BunkerError(f"ssh-keygen did not answer within {_SECONDS} seconds") from None
