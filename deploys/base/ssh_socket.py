"""The socket on which systemd listens in sshd's place, as its drop-ins will make it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from bunker.errors import BunkerError
from bunker.fleet.models import Host
from deploys.base.firewall import ssh_ports

UNIT: Final = "ssh.socket"
_GENERATED: Final = "/run/systemd/generator"
_PACKAGED: Final = ("/usr/lib/", "/lib/")
_HEADING: Final = re.compile(r"# (/(?:etc|run|usr|lib)/\S+)")
_EVERYWHERE: Final = ("", "0.0.0.0", "[::]")  # noqa: S104 - read on hosts; nothing binds here


@dataclass(frozen=True)
class _Listener:
    path: str
    text: str
    address: str
    port: int
    families: frozenset[int]

    @property
    def foreign(self) -> bool:
        return not self.path.startswith((_GENERATED, *_PACKAGED))

    def collides(self, other: _Listener) -> bool:
        """Whether the kernel lets only one of the two listen."""
        if self.port != other.port or not self.families & other.families:
            return False
        return self.address == other.address or bool(
            {self.address, other.address} & set(_EVERYWHERE)
        )


def socket_problems(host: Host, unit: Sequence[str]) -> Iterator[BunkerError]:
    """Why the socket would not start again, or not listen where the host's file says.

    ``unit`` is what `systemctl cat ssh.socket` prints. The running socket tells nothing of it: a
    drop-in counts at its next start, when it is too late to log in.
    """
    listeners = list(_listeners(unit, ssh_ports(host)))
    for one, other in combinations(listeners, 2):
        if (one.foreign or other.foreign) and one.collides(other):
            mine, theirs = (one, other) if one.foreign else (other, one)
            yield BunkerError(
                f"ListenStream={mine.text} takes port {mine.port} a second time "
                f"({theirs.text} in {theirs.path}): {UNIT} would not start again",
                where=mine.path,
                expected="each port once; sshd's configuration names the ports",
                remedy=_remedy(mine.path),
            )
            return
    missing = [port for port in ssh_ports(host) if port not in {it.port for it in listeners}]
    if missing and listeners:
        own = [listener for listener in listeners if listener.foreign]
        place = own[-1].path if own else listeners[-1].path
        yield BunkerError(
            f"{UNIT} listens on {' '.join(sorted({str(it.port) for it in listeners}))} only, "
            f"by a setting of its own; sshd would not be reached on port {missing[0]}",
            where=place,
            expected=f"port {missing[0]}, as the host's file says",
            remedy=_remedy(place)
            if own
            else "Let sshd listen itself: "
            f"sudo systemctl disable --now {UNIT} && sudo systemctl enable --now ssh.service",
        )


def _remedy(path: str) -> str:
    return f"Remove it: sudo rm {path} && sudo systemctl daemon-reload"


def _listeners(unit: Sequence[str], ports: Sequence[int]) -> Iterator[_Listener]:
    """Where the socket will listen; the generator's part as it will be for ``ports``."""
    streams: list[tuple[str, str]] = []
    path = only = ""
    for line in unit:
        if heading := _HEADING.fullmatch(line.strip()):
            path = heading[1]
            if path.startswith(_GENERATED):
                streams = [
                    (path, f"{address}:{port}") for port in ports for address in _EVERYWHERE[1:]
                ]
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            continue
        if key == "BindIPv6Only":
            only = value
        if key == "ListenStream" and not path.startswith(_GENERATED):
            streams = [*streams, (path, value)] if value else []
    for where, text in streams:
        address, _, port = text.rpartition(":")
        if port.isdecimal():
            six = frozenset((6,)) if only == "ipv6-only" else frozenset((4, 6))
            families = six if not address or address.startswith("[") else frozenset((4,))
            yield _Listener(where, text, address, int(port), families)
