"""Why a host could not be reached, in an operator's words, with what to do about it.

Both clients are read here: the system's `ssh`, and pyinfra's SSH connector (3.10).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bunker.fleet.models import Host

# What a client says (on any of its lines), what that means, what to do. The first match counts.
FAILURES: Final = (
    (
        "host key error|does not match|IDENTIFICATION HAS CHANGED|REVOKED HOST KEY",
        "the host key of {place} has changed: another machine answers, or it was reinstalled",
        "Compare the fingerprint on the host's console; only if it is right record the new key "
        "with: {trust}",
    ),
    (
        "No host key for|Host key verification failed|No .* host key is known",
        "the host key of {place} is not {known}",
        "Compare the fingerprint on the host's console and record it with: {trust}",
    ),
    (
        "UNPROTECTED PRIVATE KEY|bad permissions",
        "the private key {key} may be read by others, so ssh does not use it",
        "Run `chmod 600 {key}`",
    ),
    (
        "Too many authentication failures",
        "{place} ended the login of {user}: too many keys were offered",
        "Name the right key with BUNKER_SSH_KEY",
    ),
    (
        "Permission denied|Authentication|No authentication methods|not a valid .* private key",
        "{place} does not let {user} in with {key}",
        "Put the public key into ~{user}/.ssh/authorized_keys on the host, or name the right key "
        "with BUNKER_SSH_KEY",
    ),
    (
        "timed out|timeout",
        "{place} did not answer {within}, or fell silent",
        "Check that the host is up, its address, and that a firewall lets this machine in",
    ),
    (
        "Connection refused",
        "{place} refuses connections: no sshd listens there",
        "Check that the host is up and that `port` in its file is sshd's port",
    ),
    (
        "Unable to connect to port",
        "{place} refuses connections, or there is no way to it",
        "Check that the host is up, its address, and that `port` in its file is sshd's port",
    ),
    (
        "resolve hostname",
        "the name in {place} cannot be resolved",
        "Correct `address` in the host's file, or look at this machine's name service",
    ),
    (
        "No route to host|Network is unreachable",
        "there is no way to {place} from here",
        "Look at this machine's network, VPN or routes",
    ),
    (
        "No existing session|session not active|not connected",
        "{place} broke off the connection during the login",
        "Try again; if it stays so, look at sshd on the host's console: it may be overloaded",
    ),
    (
        "protocol banner|EOF error|reset by peer|closed|kex_exchange_identification",
        "{place} closed the connection before the login",
        "sshd may be overloaded or fail2ban may have banned this machine: look on the host's "
        "console (`fail2ban-client status sshd`)",
    ),
)
UNKNOWN_REMEDY: Final = "Try again; if it stays so, look at sshd on the host's console"


def why_unreachable(
    host: Host,
    said: str,
    *,
    trust: str = "",
    key: str = "your keys",
    known: str = "known",
    within: str = "in time",
) -> tuple[str, str] | None:
    """What is wrong and what to do about it; None where the words say nothing that is known.

    ``trust`` is the command that records a new host key, ``key`` what was logged in with, ``known``
    where host keys are looked up, ``within`` how long an answer was waited for.
    """
    values = {
        "place": f"{host.address} port {host.port}",
        "user": host.user,
        "trust": trust or f"invoke instance.trust {host.name}",
        "key": key,
        "known": known,
        "within": within,
    }
    for pattern, problem, remedy in FAILURES:
        if re.search(pattern, said, re.IGNORECASE):
            return problem.format(**values), remedy.format(**values)
    return None
