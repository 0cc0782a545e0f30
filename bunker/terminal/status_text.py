"""Status and health as lines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bunker.printable import printable
from bunker.terminal.lines import NARROWEST, Line, Style, after, indented, joined, table
from bunker.terminal.next_steps import disk_is_full, steps_for
from bunker.terminal.recap_text import Repeat
from bunker.workflows.probe import Probe
from bunker.workflows.status import HostStatus

STYLES: Mapping[str, Style] = {
    "healthy": "good",
    "changing": "change",
    "degraded": "warn",
    "unfinished": "warn",
    "not deployed": "faint",
    "unhealthy": "bad",
    "unreachable": "bad",
    "unknown": "bad",
}
HEADERS = ("HOST", "STATE", "GENERATION", "HEALTH", "UPTIME", "DISK", "CONTAINERS")
WIDTHS = (12, 30, 9, 9, 19, 18)
"""Of the columns behind the first where there is room for everything."""
SHORT_HEADERS = ("HOST", "STATE", "RUNS", "UPTIME", "DISK", "UP")
SHORT_WIDTHS = (12, 16, 6, 6, 7)
"""Elsewhere; why a host is not healthy stands below the table."""
WIDE = 120
"""From this many columns on everything is shown."""


class StatusTable:
    """A row for each host, in columns that are known before the first host has answered."""

    def __init__(self, names: Iterable[str], width: int) -> None:
        self.wide = width >= WIDE
        self._headers: Sequence[str] = HEADERS if self.wide else SHORT_HEADERS
        rest = WIDTHS if self.wide else SHORT_WIDTHS
        room = width - sum(rest) - 2 * len(rest)
        longest = max((len(name) for name in (*names, HEADERS[0])), default=0)
        self._widths = (max(NARROWEST, min(longest, room)), *rest)

    def headers(self) -> Line:
        """What the columns are."""
        return Line(joined(self._headers, self._widths), "heading")

    def rows(self, status: HostStatus) -> list[Line]:
        """One for each application of a host."""
        lines = []
        for one in status.each:
            texts = [printable(cell) for cell in cells(one, wide=self.wide)]
            lines.append(Line(joined(texts, self._widths), STYLES[one.verdict.state]))
        return lines


def status_lines(statuses: Sequence[HostStatus], width: int = 0) -> list[Line]:
    """The whole table, its columns no wider than what stands in them."""
    wide = not width or width >= WIDE
    each = [one for status in statuses for one in status.each]
    styles = [STYLES[one.verdict.state] for one in each]
    headers = HEADERS if wide else SHORT_HEADERS
    return table(headers, [cells(one, wide=wide) for one in each], styles)


def cells(status: HostStatus, *, wide: bool) -> list[str]:
    """One row: a host as one of its applications sees it."""
    probe = status.probe
    if probe is None:
        return [
            status.label,
            status.verdict.state,
            *"-" * (len(WIDTHS if wide else SHORT_WIDTHS) - 1),
        ]
    mark = " !" if disk_is_full(status) else ""
    first = [status.label, status.verdict.state]
    if not wide:
        return [
            *first,
            generation_text(probe.generation, short=True),
            _roughly(duration(probe.uptime_seconds)),
            f"{probe.disk_percent} %{mark}",
            _containers(probe, short=True),
        ]
    return [
        *first,
        generation_text(probe.generation),
        _health(probe),
        duration(probe.uptime_seconds),
        f"{probe.disk_percent} %, {size(probe.disk_free)} free{mark}",
        _containers(probe, short=False),
    ]


def health_lines(status: HostStatus, repeat: Repeat) -> list[Line]:
    """One host: the verdict on each application, its answer and containers, where to look next."""
    return [line for one in status.each for line in _health_lines(one, repeat)]


def _health_lines(one: HostStatus, repeat: Repeat) -> list[Line]:
    state = one.verdict.state
    lines = [Line(f"{one.label}: {state}", STYLES[state])]
    for reason in one.verdict.reasons:
        lines += after("  ", reason, STYLES[state])
    probe = one.probe
    if probe is not None:
        if not probe.application:
            lines.append(Line(f"  roles: {', '.join(one.roles)}"))
        lines += _answer(probe)
        for container in probe.containers:
            sign, style = (" ", "") if container.fine else ("!", "bad")
            word = "done" if container.done else container.health
            text = f"  {sign} {container.service:<16}{word:<11}{container.status}"
            lines += indented(text, "", style)  # type: ignore[arg-type]
    return [*lines, *(Line(f"  try: {step}") for step in steps_for(one, repeat))]


def duration(seconds: int) -> str:
    """``45 s``, ``12 min``, ``3 h 5 min``, ``12 d 3 h``."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds} s"
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if not days else f"{days} d {hours % 24} h"


def _roughly(length: str) -> str:
    """The largest unit alone: ``12 d``."""
    return " ".join(length.split()[:2])


def size(number: float) -> str:
    """Bytes in the unit that people read: ``512 MB``, ``18.4 GB``."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB" if number < 1000 else f"{number / 1000:.1f} TB"


def generation_text(generation: Mapping[str, Any] | None, *, short: bool = False) -> str:
    """``#3 v2 4f2a91c 2026-11-20`` (UTC), or ``#3 v2``."""
    if not generation:
        return "-"
    commit = str(generation.get("commit", ""))[:7]
    when = str(generation.get("time", ""))[:10]
    ref = str(generation.get("ref", "")) or commit
    parts = (f"#{generation.get('number', '?')}", ref, commit if commit != ref else "", when)
    return " ".join(part for part in (parts[:2] if short else parts) if part)


def _health(probe: Probe) -> str:
    if probe.health.code is None:
        return "-"
    return str(probe.health.code) if probe.health.code else "no answer"


def _containers(probe: Probe, *, short: bool) -> str:
    if not probe.containers:
        return "-"
    # What was to do something and end is nothing that could be up.
    lasting = [container for container in probe.containers if not container.done]
    running = sum(container.state == "running" for container in lasting)
    sick = sum(container.health == "unhealthy" for container in lasting)
    if short:
        return f"{running}/{len(lasting)}{' !' * bool(sick)}"
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
        lines += indented(text[:500], "    ", "faint", quoted=True)
    return lines
