"""The keys by which servers are recognised: asking for them, and how known_hosts writes them."""

import base64
import binascii
import hashlib
import os
import socket
from dataclasses import dataclass

from bunker.errors import BunkerError
from bunker.openssh import run

KEY_TYPES = "ed25519,ecdsa,rsa"


class Unreachable(BunkerError):
    """The host could not be spoken to, or stopped answering; says which, and what to do."""


@dataclass(frozen=True)
class HostKey:
    """One public key of a server, as its known_hosts line and as people compare it."""

    kind: str
    fingerprint: str
    line: str


def scan_host_key(address: str, port: int = 22, *, timeout: int = 10) -> list[HostKey]:
    """The keys that a server shows to anybody who connects; nothing here says they are right.

    The best kind comes first. Raises Unreachable with the reason where no sshd answers.
    """
    argv = ["ssh-keyscan", "-T", str(timeout), "-p", str(port), "-t", KEY_TYPES, "--", address]
    try:
        done = run(argv, timeout=4 * timeout)
    except TimeoutError:
        raise _not_scanned(address, port, "it does not answer in time") from None
    entry = known_hosts_entry(address, port)
    keys = {}
    for line in done.stdout.decode(errors="replace").splitlines():
        parts = line.split()
        if len(parts) == 3 and not line.startswith("#"):
            kind, blob = parts[1], parts[2]
            keys[kind] = HostKey(kind, fingerprint(blob), f"{entry} {kind} {blob}")
    if not keys:
        raise _not_scanned(address, port, _why_no_key(address, port, timeout))
    order = ("ssh-ed25519", "ecdsa-sha2-nistp256")
    return sorted(keys.values(), key=lambda key: (key.kind not in order, key.kind != order[0]))


def fingerprint(blob: str) -> str:
    """`SHA256:…` of a public key's base64 text, exactly as ssh-keygen prints it."""
    try:
        digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    except binascii.Error as error:
        raise BunkerError(f"this is not a public key: {error}") from None
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def known_hosts_entry(address: str, port: int) -> str:
    """How known_hosts names an address: with its port where that is not 22."""
    return address if port == 22 else f"[{address}]:{port}"


def _why_no_key(address: str, port: int, timeout: int) -> str:
    try:
        with socket.create_connection((address, port), timeout=timeout):
            return "something listens there, but it is not an sshd that shows a key"
    except ConnectionRefusedError:
        return "it refuses connections: no sshd listens there"
    except TimeoutError:
        return f"it did not answer within {timeout} seconds"
    except socket.gaierror:
        return "its name cannot be resolved"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)


def _not_scanned(address: str, port: int, reason: str) -> Unreachable:
    return Unreachable(
        f"no host key from {address} port {port}: {reason}",
        remedy="Check the address and port, that the host is up, and its firewall",
    )
