"""SSH keys of people: reading a public half, which keys someone holds, signing and verifying.

The one owner of `ssh-keygen -Y` and of asking an ssh-agent. Of private keys only the public half
is looked at.
"""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
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


def fingerprint_of(line: str) -> str:
    """``SHA256:…`` of the key in one line of a public key file; empty where there is none.

    Keys are equal when their fingerprints are, whatever their comments say.
    """
    words = line.split()
    if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
        return ""
    with suppress(BunkerError):
        return fingerprint(words[1])
    return ""


def operator_key(given: Path | str | None = None) -> Path:
    """The operator's own key: what was given, else $BUNKER_OPERATOR_SSH_KEY, else id_ed25519."""
    named = str(given or os.environ.get(VARIABLE, "")) or "~/.ssh/id_ed25519"
    return user_path(named, VARIABLE)


def own_fingerprint(path: Path) -> str:
    """That of a key file, private or public; empty where there is none.

    No one is asked for a passphrase.
    """
    beside = path if path.suffix == ".pub" else Path(f"{path}.pub")
    return _in_public_file(beside) or ("" if beside == path else _in_private_file(path))


def held_keys(named: Sequence[Path], *, place: Path | None = None) -> frozenset[str]:
    """Fingerprints of every key that whoever runs this can be known to hold.

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
    return frozenset(keys - {""})


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


def _in_public_file(path: Path) -> str:
    return fingerprint_of(_content(path).decode(errors="replace"))


def _in_private_file(path: Path) -> str:
    """What a private key file tells of its public half without its passphrase; empty: nothing.

    OpenSSH's own form has it in plaintext, also that of a hardware key's handle. Of the older it
    is computed, which one with a passphrase does not allow.
    """
    content = _content(path)
    if content.strip().startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----"):
        with tempfile.TemporaryDirectory(prefix="bunker-key-") as folder:
            # By another name, since ssh-keygen would believe a public file beside it instead.
            alone = Path(folder, "key")
            alone.symlink_to(path.absolute())
            said = _keygen(["-l", "-f", str(alone)]).stdout.decode(errors="replace")
        return next((word for word in said.split() if word.startswith("SHA256:")), "")
    if not _is_private(path):
        return ""
    # From a pipe, since ssh-keygen would refuse a file that others may read. An empty passphrase
    # is offered, so that a key that has another one fails instead of asking.
    done = _keygen(["-y", "-P", "", "-f", "/dev/stdin"], content)
    return fingerprint_of(done.stdout.decode(errors="replace")) if done.returncode == 0 else ""


def _configured(path: Path) -> list[tuple[str, str]]:
    """IdentityFile and IdentityAgent lines, where a file has any."""
    text = _content(path).decode(errors="replace")
    found = re.findall(r"^\s*(identity(?:file|agent))[\s=]+\"?([^\"\n]+)", text, re.I | re.M)
    return [(word.lower(), value.strip()) for word, value in found]


def _git_signing_keys(place: Path | None) -> list[str]:
    """What git signs commits with: a file of ssh's, or the public key itself."""
    done = b""
    with suppress(BunkerError, OSError, ValueError):
        done = Git(place or ".").output("config", "--get-all", "user.signingKey")
    keys: list[str] = []
    for line in done.decode(errors="replace").splitlines():
        value = line.removeprefix("key::").strip()
        path = Path(os.path.expanduser(value))  # noqa: PTH111 - `~nobody` is no error here
        keys += [fingerprint_of(value), _in_private_file(path), _in_public_file(path)]
        keys.append(_in_public_file(Path(f"{path}.pub")))
    return keys


def _agent_keys(socket: str) -> list[str]:
    if not socket:
        return []
    try:
        environment = {**os.environ, "SSH_AUTH_SOCK": socket}
        done = run(["ssh-add", "-L"], timeout=_SECONDS, environment=environment)
    except (BunkerError, OSError, ValueError):
        return []
    lines = done.stdout.decode(errors="replace").splitlines() if done.returncode == 0 else []
    return [fingerprint_of(line) for line in lines]


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
        signers.write_text(
            "".join(
                f'approver-{number} namespaces="{NAMESPACE}" {" ".join(line.split()[:2])}\n'
                for number, line in enumerate(allowed)
                if fingerprint_of(line)
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
