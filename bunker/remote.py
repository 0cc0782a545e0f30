"""The one owner of the system's `ssh` client: running a script on a host, and reading host keys.

Scripts go as an argument, so they show in the process list of both machines and must not hold
secrets; data that may be secret go over standard input.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bunker.host_keys import HostKey, Unreachable, known_hosts_entry, scan_host_key
from bunker.openssh import run
from bunker.shell import as_root

if TYPE_CHECKING:
    from bunker.fleet import Fleet
    from bunker.fleet.models import Host

__all__ = [
    "Completed",
    "HostKey",
    "Remote",
    "Unreachable",
    "run_many",
    "scan_host_key",
]

CONNECT_TIMEOUT_SECONDS = 10
SSH_FAILED = 255


@dataclass(frozen=True)
class Completed:
    """What a remote script answered. Output is text; undecodable bytes are replaced."""

    host: str
    returncode: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether the script succeeded."""
        return self.returncode == 0


class Remote:
    """One host, as the `ssh` client reaches it.

    Host keys must be in ``known_hosts``; nothing is ever asked. ``key`` None leaves the choice to
    the agent and to ``ssh_config``.
    """

    def __init__(
        self,
        host: Host,
        known_hosts: Path,
        key: Path | None = None,
        *,
        ssh_config: Path | None = None,
        connect_timeout: int = CONNECT_TIMEOUT_SECONDS,
    ) -> None:
        self.host = host
        self.known_hosts = known_hosts
        self.key = key
        self.ssh_config = ssh_config
        self.connect_timeout = connect_timeout

    @classmethod
    def of(cls, fleet: Fleet, host: Host) -> Remote:
        """The host as its fleet reaches it."""
        return cls(host, fleet.known_hosts, fleet.ssh_key, ssh_config=fleet.ssh_config)

    def options(self) -> list[str]:
        """The options for `ssh`, port included, to be followed by the address."""
        values = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": _quoted(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "UpdateHostKeys": "no",
            "ConnectTimeout": str(self.connect_timeout),
            "ServerAliveInterval": "15",
            "ServerAliveCountMax": "4",
            "ForwardAgent": "no",
            "LogLevel": "ERROR",
        }
        if self.key:
            values |= {"IdentitiesOnly": "yes", "IdentityFile": _quoted(self.key)}
        config = ["-F", str(self.ssh_config)] if self.ssh_config else []
        pairs = [part for key, value in values.items() for part in ("-o", f"{key}={value}")]
        return [*config, *pairs, "-p", str(self.host.port), "-l", self.host.user]

    def command(self, script: str | Sequence[str] = (), *, tty: bool = False) -> list[str]:
        """The argument list for `ssh`; without a script it opens a login shell.

        A sequence is quoted word by word, a string is a script for the user's shell. ``tty`` asks
        for a terminal, as people need it.
        """
        text = script if isinstance(script, str) else shlex.join(script)
        terminal = ["-t"] if tty else []
        tail = [text] if text else []
        return ["ssh", *self.options(), *terminal, "--", self.host.address, *tail]

    def run(
        self,
        script: str | Sequence[str],
        *,
        input: str | bytes | None = None,
        timeout: float = 60,
        sudo: bool = False,
    ) -> Completed:
        """Run a script and wait for its end, at most ``timeout`` seconds.

        A script that fails is an answer, not an exception: look at ``returncode``. Raises
        Unreachable where the host could not be asked, or did not answer in time; 255 is the
        status by which `ssh` says so, and no script of ours ends with it.
        """
        text = script if isinstance(script, str) else shlex.join(script)
        if sudo:
            text = as_root(text)
        data = input.encode() if isinstance(input, str) else input
        try:
            done = run(self.command(text), data or b"", timeout=timeout)
        except TimeoutError:
            raise Unreachable(
                f"no answer within {timeout:g} seconds",
                where=self.host.name,
                remedy="Look at the load of the host, or whether the connection is very slow",
            ) from None
        stderr = done.stderr.decode(errors="replace")
        if done.returncode == SSH_FAILED:
            raise self.unreachable(stderr)
        stdout = done.stdout.decode(errors="replace")
        return Completed(self.host.name, done.returncode, stdout, stderr)

    def unreachable(self, stderr: str) -> Unreachable:
        """What it means, and what to do, when `ssh` said this and ended with 255."""
        place = f"{self.host.address} port {self.host.port}"
        for pattern, problem, remedy in FAILURES:
            if re.search(pattern, stderr, re.IGNORECASE):
                values = {
                    "place": place,
                    "user": self.host.user,
                    "entry": known_hosts_entry(self.host.address, self.host.port),
                    "known_hosts": self.known_hosts,
                    "key": self.key or "the agent's keys",
                    "seconds": self.connect_timeout,
                }
                return Unreachable(
                    problem.format(**values),
                    where=self.host.name,
                    remedy=remedy.format(**values),
                )
        said = stderr.strip().splitlines()
        last = f": {said[-1].strip()}" if said else ""
        return Unreachable(
            f"the connection to {place} failed or was lost{last}",
            where=self.host.name,
            remedy="Try again; if it stays so, look at sshd on the host's console",
        )


# What ssh says (on any of its lines), what that means, what to do. The first match counts.
FAILURES = (
    (
        "IDENTIFICATION HAS CHANGED|REVOKED HOST KEY",
        "the host key of {place} has changed: another machine answers, or it was reinstalled",
        "Compare the fingerprint on the host's console; only if it is right remove the old key "
        "with `ssh-keygen -f {known_hosts} -R '{entry}'` and record the new one with "
        "`invoke instance.trust`",
    ),
    (
        "Host key verification failed|No .* host key is known",
        "the host key of {place} is not in {known_hosts}",
        "Record it after comparing its fingerprint with `invoke instance.trust`",
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
        "Permission denied",
        "{place} does not let {user} in with {key}",
        "Put the public key into ~{user}/.ssh/authorized_keys on the host, or name the right "
        "key with BUNKER_SSH_KEY",
    ),
    (
        "Connection refused",
        "{place} refuses connections: no sshd listens there",
        "Check that the host is up and that `port` in its file is sshd's port",
    ),
    (
        "timed out|Timeout, server",
        "{place} did not answer within {seconds} seconds, or fell silent",
        "Check that the host is up, its address, and that a firewall lets this machine in",
    ),
    (
        "Could not resolve hostname",
        "the name in {place} cannot be resolved",
        "Correct `address` in the host's file, or look at this machine's name service",
    ),
    (
        "No route to host|Network is unreachable",
        "there is no way to {place} from here",
        "Look at this machine's network, VPN or routes",
    ),
    (
        "kex_exchange_identification|Connection (closed|reset) by",
        "{place} closed the connection before the login",
        "sshd may be overloaded or fail2ban may have banned this machine: look on the host's "
        "console (`fail2ban-client status sshd`)",
    ),
)


def run_many(
    remotes: Iterable[Remote],
    script: str | Callable[[Host], str],
    *,
    workers: int = 16,
    timeout: float = 60,
    sudo: bool = False,
) -> dict[str, Completed | Unreachable]:
    """The same script (or one made for each host) on many hosts at once; by host name.

    An unreachable host is an outcome like the others and stops no other.
    """

    def one(remote: Remote) -> Completed | Unreachable:
        text = script if isinstance(script, str) else script(remote.host)
        try:
            return remote.run(text, timeout=timeout, sudo=sudo)
        except Unreachable as error:
            return error

    chosen = list(remotes)
    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(chosen)))) as pool:
        outcomes = pool.map(one, chosen)
        return {remote.host.name: done for remote, done in zip(chosen, outcomes, strict=True)}


def _quoted(path: Path) -> str:
    # ssh splits the value at blanks and expands % in it.
    text = str(path).replace("%", "%%")
    return f'"{text}"'
