"""What an operator can do next about a host that was looked at: commands, the most useful first."""

from collections.abc import Sequence

from bunker.application.layout import MAIN
from bunker.causes import ROOM
from bunker.terminal.recap_text import Repeat
from bunker.workflows.status import HostStatus

SERVICES_NAMED = 3
DISK_FULL_PERCENT = 90


def steps_for(one: HostStatus, repeat: Repeat) -> list[str]:
    """For one host as one of its applications sees it; none where nothing is to be done."""
    probe, host = one.probe, one.host
    if probe is None:
        return [repeat.other("ssh", host)]
    named = one.others or one.application not in ("", MAIN)
    chosen = ("--app", one.application) if named else ()
    sick = [container.service for container in probe.containers if not container.fine]
    found = [repeat.other("schema.resolve", host, *chosen)] if probe.failed_migrations else []
    found += [
        repeat.other("logs", host, *chosen, "--service", service)
        for service in sick[:SERVICES_NAMED]
    ]
    if not sick and probe.installed and not probe.health.ok:
        service = probe.health.question.service
        found.append(repeat.other("logs", host, *chosen, *(("--service", service) * bool(service))))
    if one.verdict.state in ("not deployed", "unfinished"):
        found.append(repeat.again(host))
    if disk_is_full(one):
        task, *words = ROOM
        found.append(repeat.other(task, host, *words))
    return found


def disk_is_full(one: HostStatus) -> bool:
    """Whether so little is free that the next deploy may not fit."""
    return one.probe is not None and one.probe.disk_percent >= DISK_FULL_PERCENT


def troubled(statuses: Sequence[HostStatus]) -> list[HostStatus]:
    """Those that need an operator, each as one application sees it; the worst first."""
    from_bad = ("unreachable", "unknown", "unhealthy", "unfinished", "degraded")
    found = [
        one
        for status in statuses
        for one in status.each
        if one.verdict.state in from_bad or (disk_is_full(one) and one is status)
    ]

    def rank(one: HostStatus) -> int:
        state = one.verdict.state
        return from_bad.index(state) if state in from_bad else len(from_bad)

    return sorted(found, key=rank)
