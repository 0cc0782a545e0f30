"""One message about a whole run: who needs help first, the same outcome told once, what to do.

Pure: a summary in, a message out. At most about thirty lines, however many hosts there are.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict

from bunker.duration import format_duration
from bunker.notify.message import Message
from bunker.printable import printable

if TYPE_CHECKING:
    from bunker.fleet.notification_targets import Event

WELL: Final = ("ok", "changed")
WAITING: Final = ("not started", "running", "planned")
PRIORITY: Final[Mapping[str, int]] = {
    "started": 2,
    "done": 2,
    "paused": 6,
    "failed": 8,
    "rolled back": 8,
}
GROUPS_TOLD = 7
NAMES_OF_GROUP = 12
NAMES_OF_THE_REST = 40
LONGEST_LINE = 220
LINES_OF_REASON = 3


class Summary(TypedDict, total=False):
    """What is known of a run. ``started`` is an epoch or ISO text, ``seconds`` how long it took.

    ``hosts`` maps a name to ``{"outcome": …, "message": …}``, as the run's recap has it.
    """

    run: str
    kind: str
    fleet: str
    by: str
    command: str
    state: str
    hosts: Mapping[str, Mapping[str, Any]]
    reason: str
    next_command: str
    started: float | str
    seconds: float


@dataclass(frozen=True)
class Group:
    """Hosts that ended alike: same outcome, and same message but for their own names."""

    outcome: str
    message: str
    hosts: tuple[str, ...]


def digest(event: Event, summary: Summary) -> Message:
    """The message about an event of a run; what the summary does not say is left out."""
    hosts = summary.get("hosts") or {}
    found = Counter(_outcome(host) for host in hosts.values())
    groups = group_alike(hosts)
    lines = [_about(summary), *_reason(summary), "", *_groups(groups), *_others(found)]
    following = _line(summary.get("next_command", ""))
    lines += ["", f"Next: {_code(following)}"] if following else []
    command = _line(summary.get("command", ""))
    lines += [f"Command: {_code(command)}"] if command and command != following else []
    lines = _without_repeated_gaps(lines)
    urgent = bool(groups) and event == "done"
    return Message(
        title=_title(event, summary, found),
        text=_plain(lines),
        markdown="\n".join(_markdown(line) for line in lines),
        priority=PRIORITY["paused"] if urgent else PRIORITY[event],
    )


def group_alike(hosts: Mapping[str, Mapping[str, Any]]) -> list[Group]:
    """Hosts that need attention, the largest group first."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, host in sorted(hosts.items()):
        outcome = _outcome(host)
        if outcome not in (*WELL, *WAITING):
            # A message that names its host is still the same message on another one.
            own_name = rf"(?<![\w.-]){re.escape(name)}(?![\w-])"
            message = re.sub(own_name, "HOST", _line(host.get("message", "")))
            found.setdefault((outcome, message), []).append(name)
    groups = [Group(*alike, tuple(names)) for alike, names in found.items()]
    return sorted(groups, key=lambda group: (-len(group.hosts), group.outcome, group.hosts))


def _title(event: Event, summary: Summary, found: Counter[str]) -> str:
    kind = _line(summary.get("kind", "")) or "run"
    fleet = _line(summary.get("fleet", ""))
    bad = {name: number for name, number in found.items() if name not in (*WELL, *WAITING)}
    told = ", ".join(f"{number} {name}" for name, number in sorted(bad.items()))
    total = sum(found.values())
    of_all = f"{told} of {_hosts(total)}" if told else _hosts(total) if total else ""
    start = f"{fleet}: " if fleet else ""
    return f"{start}{kind} {event}{f' ({of_all})' if of_all else ''}"


def _about(summary: Summary) -> str:
    parts = [f"Run {_code(_line(summary.get('run', '')) or 'unknown')}"]
    if by := _line(summary.get("by", "")):
        parts.append(f"by {_code(by)}")
    if started := _time(summary.get("started")):
        parts.append(f"started {started}")
    seconds = summary.get("seconds")
    if isinstance(seconds, int | float) and seconds > 0:
        parts.append(f"took {format_duration(seconds)}")
    return ", ".join(parts)


def _reason(summary: Summary) -> list[str]:
    lines = [line for line in str(summary.get("reason") or "").splitlines() if line.strip()]
    more = [f"… and {len(lines) - LINES_OF_REASON} more lines"] if len(lines) > 3 else []
    told = [f"Reason: {_code(_line(line))}" for line in lines[:1]]
    return ["", *told, *(_code(_line(line)) for line in lines[1:LINES_OF_REASON]), *more]


def _groups(groups: Sequence[Group]) -> list[str]:
    lines = []
    for group in groups[:GROUPS_TOLD]:
        names = _names(group.hosts, NAMES_OF_GROUP)
        lines.append(f"- {_bold(f'{len(group.hosts)} {group.outcome}')}: {names}")
        if group.message:
            lines.append(f"  {_code(group.message)}")
    rest = [host for group in groups[GROUPS_TOLD:] for host in group.hosts]
    if rest:
        others = f"{len(groups) - GROUPS_TOLD} other reasons"
        names = _names(sorted(rest), NAMES_OF_THE_REST)
        lines.append(f"- {_bold(f'{_hosts(len(rest))} with {others}')}: {names}")
    return lines


def _others(found: Counter[str]) -> list[str]:
    known = [name for name in (*WELL, *WAITING) if found[name]]
    return [f"- {found[name]} {name}" for name in known]


def _names(names: Sequence[str], most: int) -> str:
    shown = ", ".join(_code(_line(name)) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _outcome(host: Mapping[str, Any]) -> str:
    return _line(host.get("outcome", "")) or "unknown"


def _hosts(number: int) -> str:
    return f"{number} host{'' if number == 1 else 's'}"


def _time(started: object) -> str:
    if isinstance(started, int | float) and started > 0:
        moment = datetime.datetime.fromtimestamp(started, datetime.UTC)
        return moment.strftime("%Y-%m-%d %H:%M UTC")
    return _line(started or "")


def _line(value: object) -> str:
    """The first line of something, fit for one line of a message."""
    first = next((line.strip() for line in str(value).splitlines() if line.strip()), "")
    clean = printable(first).replace(_MARK, "'")
    return clean if len(clean) <= LONGEST_LINE else f"{clean[: LONGEST_LINE - 1]}…"


# Both stand in the lines until it is known how they will be shown; no text can contain them.
_MARK = "`"
_BOLD = "\x01"


def _bold(text: str) -> str:
    return f"{_BOLD}{text}{_BOLD}"


def _code(text: str) -> str:
    return f"{_MARK}{text}{_MARK}"


def _plain(lines: Sequence[str]) -> str:
    return "\n".join(line.replace(_MARK, "").replace(_BOLD, "") for line in lines)


def _markdown(line: str) -> str:
    # In Markdown a line break needs two blanks before it.
    return f"{line.replace(_BOLD, '**')}  " if line else line


def _without_repeated_gaps(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept[:-1] if kept and not kept[-1] else kept
