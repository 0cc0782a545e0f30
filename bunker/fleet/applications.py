"""Which hosts have an application: the one place that says so, and that chooses them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from bunker.applications.of_host import applications_of
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.terminal.output import tell


def has_application(host: Host) -> bool:
    """Whether a host has any application."""
    return bool(applications_of(host))


def with_application(
    hosts: Sequence[Host], named: Collection[str] = (), app: str = ""
) -> list[Host]:
    """Those of several hosts that have an application, or the one of a name; see :func:`having`."""
    found = having(hosts, has_application, "application", named)
    if not app or len(found) == 1:
        return found

    def has(host: Host) -> bool:
        return any(one.name == app for one in applications_of(host))

    return having(found, has, f"application {app!r}", named)


def having(
    hosts: Sequence[Host],
    has: Callable[[Host], bool],
    what: str,
    named: Collection[str] = (),
) -> list[Host]:
    """Those of the hosts that have something; one line on stderr names those that are left out.

    Raises BunkerError where one of ``named``, chosen by its own name, has none, or no host has.
    """
    found = [host for host in hosts if has(host)]
    others = [host.name for host in hosts if host not in found]
    refused = [name for name in others if name in named or not found]
    if refused:
        raise BunkerError(
            f"{', '.join(refused)} ha{'s' if len(refused) == 1 else 've'} no {what}",
            remedy="`invoke instance.show NAME` shows a host's roles and what gives it them",
        )
    if others:
        tell(f"Left out, as they have no {what}: {', '.join(others)}")
    return found
