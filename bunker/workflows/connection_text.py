"""Why a host could not be reached, in an operator's words, with what to do about it.

pyinfra names the library's error only; the patterns are those of its SSH connector (3.10).
"""

from __future__ import annotations

import re
from typing import Final

from bunker.errors import BunkerError
from bunker.fleet.models import Host

# What pyinfra says, what that means, what to do. The first match counts.
FAILURES: Final = (
    (
        r"host key error|does not match",
        "the host key of {place} has changed: another machine answers, or it was reinstalled",
        "Compare the fingerprint on the host's console; only if it is right record the new key "
        "with: {trust}",
    ),
    (
        r"No host key for",
        "the host key of {place} is not known",
        "Compare the fingerprint on the host's console and record it with: {trust}",
    ),
    (
        r"Authentication|No authentication methods|not a valid .* private key",
        "{place} does not let {user} in",
        "Put the public key into ~{user}/.ssh/authorized_keys on the host, or name the right key "
        "with BUNKER_SSH_KEY",
    ),
    (
        r"timed out|timeout",
        "{place} did not answer in time",
        "Check that the host is up, its address, and that a firewall lets this machine in",
    ),
    (
        r"Unable to connect to port|Connection refused",
        "{place} refuses connections, or there is no way to it",
        "Check that the host is up, its address, and that `port` in its file is sshd's port",
    ),
    (
        r"resolve hostname",
        "the name in {place} cannot be resolved",
        "Correct `address` in the host's file, or look at this machine's name service",
    ),
    (
        r"No route to host|Network is unreachable",
        "there is no way to {place} from here",
        "Look at this machine's network, VPN or routes",
    ),
    (
        r"protocol banner|EOF error|reset by peer|closed",
        "{place} closed the connection before the login",
        "sshd may be overloaded or fail2ban may have banned this machine: look on the host's "
        "console (`fail2ban-client status sshd`)",
    ),
)
UNKNOWN_REMEDY: Final = "Try again; if it stays so, look at sshd on the host's console"


def connection_text(host: Host, message: str, fleet: str) -> str:
    """One or two sentences for what the worker said; an unknown message is kept as it is."""
    values = {
        "place": f"{host.address} port {host.port}",
        "user": host.user,
        "trust": f"invoke instance.trust {host.name} --fleet {fleet}",
    }
    for pattern, problem, remedy in FAILURES:
        if re.search(pattern, message, re.IGNORECASE):
            return str(BunkerError(problem.format(**values), remedy=remedy.format(**values)))
    return str(BunkerError(message, remedy=UNKNOWN_REMEDY))
