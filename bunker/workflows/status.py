"""What every host of a fleet is doing right now: one remote command per host, in parallel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bunker.application.layout import MAIN
from bunker.applications.of_host import applications_of, key_of
from bunker.errors import BunkerError, attempt
from bunker.fleet import Fleet, Host
from bunker.host_keys import Unreachable
from bunker.remote import Completed, Remote, run_each
from bunker.workflows.health import STATES, Verdict, assess, container_json
from bunker.workflows.probe import Probe, read_probes, script_for
from deploys.roles import roles_of

TIMEOUT_SECONDS = 30
AT_ONCE = 64
"""Hosts that are asked at the same time: a few that do not answer keep none waiting."""


@dataclass(frozen=True)
class HostStatus:
    """One host: the verdict, and what it said of itself unless it could not be asked.

    What is said of an application is about its first one; ``others`` are the host as its other
    applications see it. ``wanted_ref`` is the version that its file asks for, ``remedy`` what to do
    about a host that could not be asked.
    """

    host: str
    domain: str
    verdict: Verdict
    probe: Probe | None = None
    wanted_ref: str = ""
    roles: tuple[str, ...] = ()
    application: str = ""
    others: tuple[HostStatus, ...] = ()
    remedy: str = ""

    @property
    def label(self) -> str:
        """The host's name; with that of the application where it is not the main one."""
        return key_of(self.host, self.application or MAIN)

    @property
    def forgotten(self) -> tuple[str, ...]:
        """Applications that were deployed on the host and that its file does not name."""
        named = {one.application for one in self.each}
        return tuple(name for name in self.probe.known if name not in named) if self.probe else ()

    @property
    def each(self) -> tuple[HostStatus, ...]:
        """As each of its applications sees the host."""
        return (self, *self.others)

    @property
    def overall(self) -> Verdict:
        """The worst of all verdicts, and all reasons; what was never deployed is not among them.

        Unless nothing of the host was.
        """
        deployed = [one for one in self.each if one.verdict.state != "not deployed"]
        if not self.others or not deployed:
            return self.verdict
        reasons = (
            f"{one.application}: {reason}" if one.application != MAIN else reason
            for one in deployed
            for reason in one.verdict.reasons
        )
        worst = max((one.verdict.state for one in deployed), key=STATES.index)
        return Verdict(worst, tuple(dict.fromkeys(reasons)))

    @property
    def differs(self) -> bool:
        """Whether the host runs another version than its file says."""
        running = (self.probe.generation or {}).get("ref") if self.probe else None
        return bool(running and self.wanted_ref and running != self.wanted_ref)

    @property
    def healthy(self) -> bool:
        """Whether nothing needs attention now: it is healthy, or is being worked on."""
        return self.overall.healthy or bool(self.probe and self.probe.maintenance)

    def to_json(self) -> dict[str, Any]:
        """For programs; sizes are bytes, times seconds.

        What is said of an application is about its first one; ``applications`` has all by name.
        """
        found: dict[str, Any] = {
            "host": self.host,
            "domain": self.domain,
            "state": self.overall.state,
            "reasons": list(self.overall.reasons),
            "roles": list(self.roles),
        }
        if self.probe is None:
            return found
        probe = self.probe
        return {
            **found,
            **_application_json(probe, self),
            "uptime_seconds": probe.uptime_seconds,
            "disk": {
                "used": probe.disk_used,
                "free": probe.disk_free,
                "percent": probe.disk_percent,
            },
            "maintenance": probe.maintenance.to_json() if probe.maintenance else None,
            "lease": probe.lease.to_json() if probe.lease else None,
            "not_in_file": list(self.forgotten),
            "applications": {
                one.application: {
                    "state": one.verdict.state,
                    "reasons": list(one.verdict.reasons),
                    **_application_json(one.probe, one),
                }
                for one in self.each
                if one.application and one.probe
            },
        }


def _application_json(probe: Probe, status: HostStatus) -> dict[str, Any]:
    return {
        "generation": dict(probe.generation) if probe.generation else None,
        "wanted_ref": status.wanted_ref or None,
        "differs_from_file": status.differs,
        "checkout": probe.checkout or None,
        "health": {
            "code": probe.health.code,
            "failing": list(probe.health.failing),
            "body": probe.health.body,
        },
        "containers": [container_json(container) for container in probe.containers],
    }


def collect_status(fleet: Fleet, hosts: Sequence[Host]) -> list[HostStatus]:
    """Ask all of these hosts at once; the answers in the order of the hosts."""
    found = {status.host: status for status in each_status(fleet, hosts)}
    return [found[host.name] for host in hosts]


def each_status(fleet: Fleet, hosts: Sequence[Host]) -> Iterator[HostStatus]:
    """The same, each as soon as its host has answered."""
    remotes = [Remote.of(fleet, host) for host in hosts]
    named = {host.name: host for host in hosts}
    answers = run_each(remotes, script_for, workers=AT_ONCE, timeout=TIMEOUT_SECONDS, sudo=True)
    for name, answer in answers:
        yield status_of(named[name], answer)


def status_of(host: Host, answer: Completed | Unreachable) -> HostStatus:
    """The status of one host by its answer."""
    roles = tuple(role.name for role in roles_of(host))

    def without_probe(verdict: Verdict, remedy: str | None = None) -> HostStatus:
        return HostStatus(host.name, host.domain, verdict, roles=roles, remedy=remedy or "")

    if isinstance(answer, Unreachable):
        return without_probe(Verdict("unreachable", (answer.problem,)), answer.remedy)
    if not answer.ok:
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        return without_probe(Verdict("unknown", (f"the host refused to answer: {last}",)))
    probes = attempt(read_probes, host, answer.stdout)
    if isinstance(probes, BunkerError):
        return without_probe(Verdict("unknown", (probes.problem,)))
    views = {one.name: one.host for one in applications_of(host)}
    first, *others = (
        HostStatus(
            host.name,
            views[name].domain if name else host.domain,
            # What is wrong with a role of the host is said once.
            assess(probe if not number else replace(probe, wrong=())),
            probe,
            views[name].application.ref if name else "",
            roles,
            name,
        )
        for number, (name, probe) in enumerate(probes.items())
    )
    return replace(first, others=tuple(others))
