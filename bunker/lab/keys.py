"""The lab's own SSH identity: one key pair, and a known_hosts file with every host key pinned."""

import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

from bunker.errors import BunkerError
from bunker.files import write_atomically

_ONE_AT_A_TIME = threading.Lock()
"""Hosts and the git server are made side by side, and each asks for the key first."""


KEY_FILE = "id_ed25519"


def key_pair(folder: Path, name: str = KEY_FILE) -> tuple[Path, str]:
    """The private key's path (mode 0600) and the public key's line; made at the first call."""
    private = folder / name
    public = private.with_suffix(".pub")
    with _ONE_AT_A_TIME:
        if not private.exists() or not public.exists():
            private.unlink(missing_ok=True)
            public.unlink(missing_ok=True)
            run = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bunker-lab", "-f"]
            made = subprocess.run(
                [*run, private], capture_output=True, text=True, check=False, timeout=20
            )
            if made.returncode != 0:
                raise BunkerError(f"making the lab's SSH key failed: {made.stderr.strip()}")
    private.chmod(0o600)
    return private, public.read_text().strip()


def known_hosts_lines(names: Iterable[str], public_keys: str) -> tuple[str, ...]:
    """Lines for known_hosts from the text of a server's public key files; comments are dropped."""
    who = ",".join(names)
    lines = []
    for line in public_keys.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0].startswith(("ssh-", "ecdsa-")):
            lines.append(f"{who} {words[0]} {words[1]}")
    return tuple(sorted(lines))


def write_known_hosts(path: Path, lines: Iterable[str]) -> None:
    """Replace the file with exactly these lines, atomically; untouched when nothing changes."""
    text = "".join(f"{line}\n" for line in lines)
    if path.exists() and path.read_text() == text:
        return
    write_atomically(path, text.encode(), mode=0o644)
