"""Status, health and environment checks as lines."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bunker.application.envcheck import EnvCheck
from bunker.application.layout import MAIN
from bunker.errors import BunkerError
from bunker.terminal.lines import Line, Style, after, count, indented, table
from bunker.terminal.recap_text import Repeat
from bunker.workflows.probe import Probe
from bunker.workflows.status import HostStatus

STYLES: Mapping[str, Style] = {
    "healthy": "good",
    "degraded": "warn",
    "unfinished": "warn",
    "not deployed": "faint",
    "unhealthy": "bad",
    "unreachable": "bad",
    "unknown": "bad",
}
HEADERS = ("HOST", "STATE", "GENERATION", "HEALTH", "UPTIME", "DISK", "CONTAINERS")
DISK_FULL_PERCENT = 90


def status_lines(statuses: Sequence[HostStatus]) -> list[Line]:
    """A row for every host, the reasons of those that need attention, and the numbers."""
    each = [one for status in statuses for one in status.each]
    rows = [_row(status) for status in each]
    styles = [STYLES[status.verdict.state] for status in each]
    lines = table(HEADERS, rows, styles) if rows else []
    troubled = [status for status in each if status.verdict.reasons]
    lines += [Line("")] if troubled else []
    for status in troubled:
        reasons = "; ".join(status.verdict.reasons)
        lines += after(f"{status.label}: ", reasons, STYLES[status.verdict.state])
    lines += _at_work(statuses, blank=bool(rows) and not troubled)
    states = [status.overall.state for status in statuses]
    numbers = [f"{states.count(state)} {state}" for state in STYLES if state in states]
    total = f"{count(len(statuses), 'host')}: {', '.join(numbers)}" if numbers else "no hosts"
    return [*lines, Line(""), Line(total, "heading")]


def _at_work(statuses: Sequence[HostStatus], *, blank: bool) -> list[Line]:
    """Who works on which host, and what is there that no file names any more."""
    lines: list[Line] = []
    for status in statuses:
        if status.probe and status.probe.maintenance:
            lines += after(f"{status.host}: ", status.probe.maintenance.sentence(), "warn")
        if status.probe and status.probe.lease:
            lines += after(f"{status.host}: ", status.probe.lease.sentence(), "faint")
        if status.forgotten:
            text = (
                f"{', '.join(status.forgotten)} was deployed and is in the host's file no more;"
                " docs/other-applications.md says how to remove it"
            )
            lines += after(f"{status.host}: ", text, "warn")
    return [Line(""), *lines] if blank and lines else lines


def health_lines(status: HostStatus, repeat: Repeat) -> list[Line]:
    """One host: the verdict on each application, its answer and containers, where to look next."""
    return [line for one in status.each for line in _health_lines(one, repeat)]


def _health_lines(status: HostStatus, repeat: Repeat) -> list[Line]:
    state = status.verdict.state
    lines = [Line(f"{status.label}: {state}", STYLES[state])]
    for reason in status.verdict.reasons:
        lines += after("  ", reason, STYLES[state])
    probe = status.probe
    if probe is None:
        return [*lines, Line(f"  try: {repeat.other('ssh', status.host)}")]
    if not probe.application:
        lines.append(Line(f"  roles: {', '.join(status.roles)}"))
    lines += _answer(probe)
    for container in probe.containers:
        sign, style = (" ", "") if container.fine else ("!", "bad")
        word = "done" if container.done else container.health
        text = f"  {sign} {container.service:<16}{word:<11}{container.status}"
        lines += indented(text, "", style)  # type: ignore[arg-type]
    sick = [container.service for container in probe.containers if not container.fine]
    words: list[tuple[str, ...]] = [("--service", service) for service in sick[:3]]
    if not sick and probe.installed and not probe.health.ok:
        service = probe.health.question.service
        words = [("--service", service) if service else ()]
    named = status.others or status.application not in ("", MAIN)
    chosen = ("--app", status.application) if named else ()
    for more in words:
        lines.append(Line(f"  try: {repeat.other('logs', status.host, *chosen, *more)}"))
    if state in ("not deployed", "unfinished"):
        lines.append(Line(f"  try: {repeat.again(status.host)}"))
    return lines


def env_check_lines(found: Mapping[str, EnvCheck | BunkerError]) -> list[Line]:
    """What each host's example and our table disagree on."""
    lines: list[Line] = []
    for host, outcome in found.items():
        if isinstance(outcome, BunkerError):
            lines += after(f"{host}: ", str(outcome).removeprefix(f"{host}: "), "bad")
            continue
        if outcome.agrees:
            lines.append(Line(f"{host}: the table and .env.example agree", "good"))
            continue
        differences = len(outcome.missing) + len(outcome.unknown) + len(outcome.changed)
        lines.append(Line(f"{host}: {count(differences, 'difference')}", "warn"))
        for key in outcome.missing:
            lines += indented(f"+ {key}: in .env.example only; no host gets it", "  ", "add")
        for key in outcome.unknown:
            text = f"- {key}: in our table only; the application may not read it"
            lines += indented(text, "  ", "remove")
        for item in outcome.changed:
            text = f"~ {item.key}: our default {item.ours!r}, theirs {item.theirs!r}"
            lines += indented(text, "  ", "change")
    return lines


def duration(seconds: int) -> str:
    """``45 s``, ``12 min``, ``3 h 5 min``, ``12 d 3 h``."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds} s"
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if not days else f"{days} d {hours % 24} h"


def size(number: float) -> str:
    """Bytes in the unit that people read: ``512 MB``, ``18.4 GB``."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB" if number < 1000 else f"{number / 1000:.1f} TB"


def generation_text(generation: Mapping[str, Any] | None) -> str:
    """``#3 v2 4f2a91c 2026-11-20`` (UTC)."""
    if not generation:
        return "-"
    commit = str(generation.get("commit", ""))[:7]
    when = str(generation.get("time", ""))[:10]
    parts = (f"#{generation.get('number', '?')}", str(generation.get("ref", "")), commit, when)
    return " ".join(part for part in parts if part)


def _row(status: HostStatus) -> list[str]:
    probe = status.probe
    if probe is None:
        return [status.label, status.verdict.state, "-", "-", "-", "-", "-"]
    disk = f"{probe.disk_percent} %, {size(probe.disk_free)} free"
    return [
        status.label,
        status.verdict.state,
        generation_text(probe.generation) + (f", file: {status.wanted_ref}" * status.differs),
        _health(probe),
        duration(probe.uptime_seconds),
        disk + (" !" if probe.disk_percent >= DISK_FULL_PERCENT else ""),
        _containers(probe),
    ]


def _health(probe: Probe) -> str:
    if probe.health.code is None:
        return "-"
    return str(probe.health.code) if probe.health.code else "no answer"


def _containers(probe: Probe) -> str:
    if not probe.containers:
        return "-"
    # What was to do something and end is nothing that could be up.
    lasting = [container for container in probe.containers if not container.done]
    running = sum(container.state == "running" for container in lasting)
    sick = sum(container.health == "unhealthy" for container in lasting)
    text = f"{running}/{len(lasting)} up"
    return f"{text}, {sick} unhealthy" if sick else text


def _answer(probe: Probe) -> list[Line]:
    if probe.health.code is None:
        return []
    style: Style = "" if probe.health.ok else "bad"
    lines = [Line(f"  {probe.health.question.shown}: {_health(probe)}", style)]
    body = probe.health.body
    if body is not None:
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        lines += indented(text[:500], "    ", "faint")
    return lines
