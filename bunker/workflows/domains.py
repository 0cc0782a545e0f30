"""Where the domains of hosts lead, looked up from this machine while something else is done.

What is found is told and stops nothing: a tunnel or a proxy before a host is a good reason for a
domain to lead elsewhere.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from bunker.applications.of_host import applications_of
from bunker.fleet.models import Host
from bunker.plan.changes import FleetPlan, HostPlan
from bunker.terminal.lines import some

SECONDS: Final = 3.0
"""So long an answer is waited for, from the moment on that all questions were asked."""
RESERVED: Final = (
    *("example", "test", "invalid", "localhost"),
    *("example.com", "example.net", "example.org"),
)
"""Ends of names that belong to no one: examples, and the lab."""
ABSENT: Final = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))

Resolve = Callable[[str], Collection[str]]
"""The addresses of a name; none where it has none. Raises OSError where that is not known."""


def addresses(name: str) -> set[str]:
    """What this machine's name service answers."""
    try:
        found = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except socket.gaierror as error:
        if error.errno in ABSENT:
            return set()
        raise
    return {str(row[4][0]) for row in found}


class Lookups:
    """Questions about names, all asked at once."""

    def __init__(
        self, names: Iterable[str], resolve: Resolve = addresses, seconds: float = SECONDS
    ) -> None:
        self._resolve = resolve
        self._found: dict[str, set[str]] = {}
        self._until = time.monotonic() + seconds
        # The name service's own patience is longer; daemons, so that no one waits for it at exit.
        self._asking = {
            name: threading.Thread(target=self._ask, args=(name,), daemon=True)
            for name in dict.fromkeys(names)
        }
        for thread in self._asking.values():
            thread.start()

    def of(self, name: str) -> set[str] | None:
        """Its addresses; none where it does not resolve; None where that is not known in time."""
        self._asking[name].join(max(0.0, self._until - time.monotonic()))
        return self._found.get(name)

    def _ask(self, name: str) -> None:
        try:
            self._found[name] = set(self._resolve(name))
        except (OSError, UnicodeError):
            return


def look_up(hosts: Sequence[Host], resolve: Resolve = addresses) -> Lookups:
    """Ask about the domains of these hosts, and about addresses that are names."""
    asked = [name for host in hosts for name in _domains(host)]
    asked += [host.address for host in hosts if not _is_address(host.address)]
    return Lookups(asked, resolve)


def domain_notes(host: Host, found: Lookups) -> tuple[str, ...]:
    """What an operator should know of a host's domains."""
    own = {host.address} if _is_address(host.address) else found.of(host.address) or set()
    notes = (_note(name, own, found.of(name)) for name in _domains(host))
    return tuple(note for note in notes if note)


def tell_of_first_deploys(
    found: FleetPlan, hosts: Iterable[Host], resolve: Resolve = addresses
) -> None:
    """Add the same notes to the plans of hosts on which nothing has run yet."""
    fresh = [host for host in hosts if _is_first(found.plans.get(host.name))]
    domains = look_up(fresh, resolve)
    for host in fresh:
        plan = found.plans[host.name]
        found.plans[host.name] = replace(plan, notes=plan.notes + domain_notes(host, domains))


def _is_first(plan: HostPlan | None) -> bool:
    applications = plan.facts.get("applications", {}) if plan else {}
    return bool(applications) and not any(one.get("generation") for one in applications.values())


def _note(name: str, own: Collection[str], found: Collection[str] | None) -> str:
    if found is None:
        return f"where {name} leads is not known: this machine's name service does not say"
    private = all(ipaddress.ip_address(one.partition("%")[0]).is_private for one in own)
    if not found:
        where = "the address that visitors reach the host by" if private else some(sorted(own))
        return (
            f"{name} does not resolve: give it a DNS record with {where}, else no visitor and no"
            " certificate comes"
        )
    if private or set(own) & set(found):
        # Behind a router or a VPN: which address visitors see is not known here.
        return ""
    return (
        f"{name} resolves to {some(sorted(found), 3)}, not to {some(sorted(own), 3)}: right where a"
        " tunnel or a proxy stands before the host, else correct its DNS record"
    )


def _domains(host: Host) -> list[str]:
    """The domains of a host that can lead somewhere: not those that are reserved for examples."""
    every = [one.host.domain for one in applications_of(host)]
    return [name for name in dict.fromkeys(every) if name and not _is_reserved(name)]


def _is_reserved(name: str) -> bool:
    return any(f".{name}".endswith(f".{end}") for end in RESERVED)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
