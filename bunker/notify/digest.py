"""One message about a whole run: who needs help first, the same outcome told once, what to do.

Pure: a summary in, a message out. At most about thirty lines, however many hosts there are.
"""

import datetime
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bunker.duration import format_duration
from bunker.fleet.notification_targets import Event
from bunker.notify.message import Message
from bunker.outcomes import SUCCEEDED, Outcomes
from bunker.printable import printable

WAITING: Final = ("not started", "under way")
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


@dataclass(frozen=True, kw_only=True)
class RunNews:
    """What is known of a run; it began at ``started`` (seconds since 1970) and took ``seconds``."""

    run: str
    kind: str = "run"
    fleet: str = ""
    by: str = ""
    command: str = ""
    hosts: Outcomes = field(default_factory=dict)
    reason: str = ""
    next_command: str = ""
    started: float = 0
    seconds: float = 0


@dataclass(frozen=True)
class Group:
    """Hosts that ended alike: same outcome, and same message but for their own names."""

    outcome: str
    message: str
    hosts: tuple[str, ...]


def digest(event: Event, news: RunNews) -> Message:
    """The message about an event of a run; what is not known is left out."""
    found = Counter[str](outcome.outcome for outcome in news.hosts.values())
    groups = group_alike(news.hosts)
    lines = [_about(news), *_reason(news.reason), "", *_groups(groups), *_others(found)]
    following, command = _line(news.next_command), _line(news.command)
    lines += ["", f"Next: {_code(following)}"] if following else []
    lines += [f"Command: {_code(command)}"] if command and command != following else []
    lines = re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip("\n")).split("\n")
    urgent = bool(groups) and event == "done"
    return Message(
        title=_title(event, news, found),
        text=_plain(lines),
        markdown="\n".join(_markdown(line) for line in lines),
        priority=PRIORITY["paused"] if urgent else PRIORITY[event],
    )


def group_alike(hosts: Outcomes) -> list[Group]:
    """Hosts that need attention, the largest group first."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, host in sorted(hosts.items()):
        if host.outcome not in (*SUCCEEDED, *WAITING):
            # A message that names its host is still the same message on another one.
            own_name = rf"(?<![\w.-]){re.escape(name)}(?![\w-])"
            message = re.sub(own_name, "HOST", _line(host.message))
            found.setdefault((host.outcome, message), []).append(name)
    groups = [Group(*alike, tuple(names)) for alike, names in found.items()]
    return sorted(groups, key=lambda group: (-len(group.hosts), group.outcome, group.hosts))


def _title(event: Event, news: RunNews, found: Counter[str]) -> str:
    bad = {name: number for name, number in found.items() if name not in (*SUCCEEDED, *WAITING)}
    counts = ", ".join(f"{number} {name}" for name, number in sorted(bad.items()))
    total = found.total()
    of_all = f"{counts} of {_hosts(total)}" if counts else _hosts(total) if total else ""
    start = f"{_line(news.fleet)}: " if news.fleet else ""
    return f"{start}{_line(news.kind)} {event}{f' ({of_all})' if of_all else ''}"


def _about(news: RunNews) -> str:
    parts = [f"Run {_code(_line(news.run))}"]
    if by := _line(news.by):
        parts.append(f"by {_code(by)}")
    if news.started > 0:
        moment = datetime.datetime.fromtimestamp(news.started, datetime.UTC)
        parts.append(f"started {moment.strftime('%Y-%m-%d %H:%M UTC')}")
    if news.seconds > 0:
        parts.append(f"took {format_duration(news.seconds)}")
    return ", ".join(parts)


def _reason(reason: str) -> list[str]:
    lines = [line for line in reason.splitlines() if line.strip()]
    more = [f"… and {len(lines) - LINES_OF_REASON} more lines"] if len(lines) > 3 else []
    first = [f"Reason: {_code(_line(line))}" for line in lines[:1]]
    return ["", *first, *(_code(_line(line)) for line in lines[1:LINES_OF_REASON]), *more]


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
    known = [name for name in (*SUCCEEDED, *WAITING) if found[name]]
    return [f"- {found[name]} {name}" for name in known]


def _names(names: Sequence[str], most: int) -> str:
    shown = ", ".join(_code(_line(name)) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _hosts(number: int) -> str:
    return f"{number} host{'' if number == 1 else 's'}"


def _line(value: str) -> str:
    """The first line of something, fit for one line of a message."""
    first = next((line.strip() for line in value.splitlines() if line.strip()), "")
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
