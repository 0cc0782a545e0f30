"""The one owner of the system's `ssh` client: running a script on a host, and reading host keys.

Scripts go as an argument, so they show in the process list of both machines and must not hold
secrets; data that may be secret go over standard input.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bunker.host_keys import Unreachable
from bunker.openssh import run
from bunker.shell import as_root
from bunker.unreachable import UNKNOWN_REMEDY, why_unreachable

if TYPE_CHECKING:
    from bunker.fleet import Fleet
    from bunker.fleet.models import Host

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
        found = why_unreachable(
            self.host,
            stderr,
            key=str(self.key or "the agent's keys"),
            known=f"in {self.known_hosts}",
            within=f"within {self.connect_timeout} seconds",
        )
        if found is None:
            last = "".join(f": {line.strip()}" for line in stderr.strip().splitlines()[-1:])
            place = f"{self.host.address} port {self.host.port}"
            found = f"the connection to {place} failed or was lost{last}", UNKNOWN_REMEDY
        return Unreachable(found[0], where=self.host.name, remedy=found[1])


def run_each(
    remotes: Iterable[Remote],
    script: str | Callable[[Host], str],
    *,
    workers: int = 16,
    timeout: float = 60,
    sudo: bool = False,
) -> Iterator[tuple[str, Completed | Unreachable]]:
    """The same script (or one made for each host) on many hosts at once: names, as they answer.

    An unreachable host is an outcome like the others and stops no other.
    """

    def one(remote: Remote) -> Completed | Unreachable:
        text = script if isinstance(script, str) else script(remote.host)
        try:
            return remote.run(text, timeout=timeout, sudo=sudo)
        except Unreachable as error:
            return error

    chosen = list(remotes)
    pool = ThreadPoolExecutor(max_workers=max(1, min(workers, len(chosen))))
    try:
        asked = {pool.submit(one, remote): remote.host.name for remote in chosen}
        for done in as_completed(asked):
            yield asked[done], done.result()
    finally:
        # Whoever stops listening waits for no host that was not asked yet.
        pool.shutdown(cancel_futures=True)


def run_many(
    remotes: Iterable[Remote],
    script: str | Callable[[Host], str],
    *,
    workers: int = 16,
    timeout: float = 60,
    sudo: bool = False,
) -> dict[str, Completed | Unreachable]:
    """What :func:`run_each` gives, by host name in the order of the hosts."""
    chosen = list(remotes)
    done = dict(run_each(chosen, script, workers=workers, timeout=timeout, sudo=sudo))
    return {remote.host.name: done[remote.host.name] for remote in chosen}


def _quoted(path: Path) -> str:
    # ssh splits the value at blanks and expands % in it.
    text = str(path).replace("%", "%%")
    return f'"{text}"'
