"""SSH keys of people: reading a public half, which keys somebody holds, signing and verifying.

The one owner of `ssh-keygen -Y` and of asking an ssh-agent. Private keys are never read here.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bunker.errors import BunkerError
from bunker.files import read_bytes, user_path

NAMESPACE: Final = "bunker-approval"
"""A signature counts for this purpose alone; one made for git or a file is refused."""

VARIABLE: Final = "BUNKER_OPERATOR_SSH_KEY"
_SECONDS: Final = 20


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
        digest = hashlib.sha256(base64.b64decode(self.data)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def operator_key(given: Path | str | None = None) -> Path:
    """The operator's own key: what was given, else $BUNKER_OPERATOR_SSH_KEY, else id_ed25519."""
    named = str(given or os.environ.get(VARIABLE, "")) or "~/.ssh/id_ed25519"
    return user_path(named, VARIABLE)


def public_key(path: Path) -> PublicKey | None:
    """The public half of a key file, or of the public file itself; None where there is none.

    Nobody is asked for a passphrase.
    """
    candidates = [path] if path.suffix == ".pub" else [Path(f"{path}.pub")]
    for candidate in candidates:
        try:
            found = PublicKey.of(read_bytes(candidate).decode(errors="replace"))
        except (FileNotFoundError, BunkerError):
            continue
        if found:
            return found
    if path.suffix == ".pub" or not path.is_file():
        return None
    # An empty passphrase is offered, so that a key that has another one fails instead of asking.
    done = _keygen(["-y", "-P", "", "-f", str(path)])
    return PublicKey.of(done.stdout) if done.returncode == 0 else None


def agent_keys() -> frozenset[PublicKey]:
    """The keys that this session's ssh-agent would use; none where there is no agent."""
    if not os.environ.get("SSH_AUTH_SOCK"):
        return frozenset()
    try:
        done = subprocess.run(
            ["ssh-add", "-L"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(key for line in done.stdout.splitlines() if (key := PublicKey.of(line)))


def held_keys(named: Sequence[Path]) -> frozenset[PublicKey]:
    """Every key that the user of this process holds: the named ones, the agent's, and ~/.ssh.

    A public file counts only where the private one lies beside it.
    """
    files = [path for path in named if path.suffix != ".pub" and path.is_file()]
    folder = Path("~/.ssh").expanduser()
    if folder.is_dir():
        files += [
            private
            for public in sorted(folder.glob("*.pub"))
            if (private := public.with_suffix("")).is_file()
        ]
    keys = {key for path in files if (key := public_key(path))}
    return frozenset(keys) | agent_keys()


def sign(text: str, key: Path) -> str:
    """The signature of a text; the key may have a passphrase (asked on the terminal) or a touch.

    Raises BunkerError where ssh-keygen could not sign.
    """
    try:
        done = subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE],
            input=text,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise _no_keygen() from None
    if done.returncode != 0 or "BEGIN SSH SIGNATURE" not in done.stdout:
        raise BunkerError(
            "the approval could not be signed",
            where=str(key),
            expected="a private SSH key, or a public one whose private half the ssh-agent has",
        )
    return done.stdout


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
        principals = found.stdout.split()
        if found.returncode != 0 or len(principals) != 1:
            return None
        check = ["-Y", "verify", "-f", str(signers), "-I", principals[0], "-n", NAMESPACE]
        done = _keygen([*check, "-s", str(signed)], text)
    return int(principals[0].removeprefix("approver-")) if done.returncode == 0 else None


def _keygen(words: list[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["ssh-keygen", *words],
            input=text or "",
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise _no_keygen() from None
    except subprocess.TimeoutExpired:
        raise BunkerError(f"ssh-keygen did not answer within {_SECONDS} seconds") from None


def _no_keygen() -> BunkerError:
    return BunkerError("ssh-keygen is not installed", remedy="apt-get install openssh-client")
