"""What every host of a fleet is doing right now: one remote command per host, in parallel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bunker.errors import BunkerError
from bunker.fleet import Fleet, Host
from bunker.fleet.applications import has_application
from bunker.host_keys import Unreachable
from bunker.remote import Completed, Remote, run_many
from bunker.workflows.health import Verdict, assess, container_json
from bunker.workflows.probe import Probe, read_probe, script_for
from deploys.roles import roles_of

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class HostStatus:
    """One host: the verdict, and what it said of itself unless it could not be asked.

    ``wanted_ref`` is the version that its file asks for.
    """

    host: str
    domain: str
    verdict: Verdict
    probe: Probe | None = None
    wanted_ref: str = ""
    roles: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the host runs another version than its file says."""
        running = (self.probe.generation or {}).get("ref") if self.probe else None
        return bool(running and self.wanted_ref and running != self.wanted_ref)

    @property
    def healthy(self) -> bool:
        """Whether nothing needs attention now: it is healthy, or is being worked on."""
        return self.verdict.healthy or bool(self.probe and self.probe.maintenance)

    def to_json(self) -> dict[str, Any]:
        """For programs; sizes are bytes, times seconds."""
        found: dict[str, Any] = {
            "host": self.host,
            "domain": self.domain,
            "state": self.verdict.state,
            "reasons": list(self.verdict.reasons),
            "roles": list(self.roles),
        }
        if self.probe is None:
            return found
        probe = self.probe
        return found | {
            "generation": dict(probe.generation) if probe.generation else None,
            "wanted_ref": self.wanted_ref or None,
            "differs_from_file": self.differs,
            "checkout": probe.checkout or None,
            "uptime_seconds": probe.uptime_seconds,
            "disk": {
                "used": probe.disk_used,
                "free": probe.disk_free,
                "percent": probe.disk_percent,
            },
            "health": {
                "code": probe.health.code,
                "failing": list(probe.health.failing),
                "body": probe.health.body,
            },
            "containers": [container_json(container) for container in probe.containers],
            "maintenance": probe.maintenance.to_json() if probe.maintenance else None,
            "lease": probe.lease.to_json() if probe.lease else None,
        }


def collect_status(fleet: Fleet, hosts: Sequence[Host]) -> list[HostStatus]:
    """Ask all of these hosts at once; the answers in the order of the hosts."""
    remotes = [Remote.of(fleet, host) for host in hosts]
    answers = run_many(remotes, script_for, timeout=TIMEOUT_SECONDS, sudo=True)
    return [status_of(host, answers[host.name]) for host in hosts]


def status_of(host: Host, answer: Completed | Unreachable) -> HostStatus:
    """The status of one host by its answer."""
    application = has_application(host)
    roles = tuple(role.name for role in roles_of(host))

    def without_probe(verdict: Verdict) -> HostStatus:
        return HostStatus(host.name, host.domain, verdict, roles=roles)

    if isinstance(answer, Unreachable):
        return without_probe(Verdict("unreachable", (answer.problem,)))
    if not answer.ok:
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        return without_probe(Verdict("unknown", (f"the host refused to answer: {last}",)))
    try:
        probe = read_probe(host.name, answer.stdout, application=application)
    except BunkerError as error:
        return without_probe(Verdict("unknown", (error.problem,)))
    ref = host.application.ref if application else ""
    return HostStatus(host.name, host.domain, assess(probe), probe, ref, roles)
