"""Windows: when rollouts of a group may start. Pure; the current time is always given.

A window opens on its days at its local start and closes at its end, on the next day where the end
is not after the start. Clock changes: a time that comes twice is meant the first time, one that is
skipped counts an hour later; a window that the skipped hour swallows whole does not open that day.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bunker.errors import WindowClosed, refuse
from bunker.fleet.fleet import Fleet
from bunker.fleet.settings import FleetSettings, Window

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_AHEAD: Final = 16
"""A week always holds an opening, save where the clock change swallows the only one."""


def is_open(window: Window, now: datetime) -> bool:
    """Whether a rollout may start now (an aware datetime). The end no longer belongs to it."""
    return any(opens <= now < closes for opens, closes in _occurrences(window, now))


def next_opening(window: Window, now: datetime) -> datetime:
    """The first moment from now on at which the window is open, in its own time zone.

    That is now itself while it is open.
    """
    zone = ZoneInfo(window.timezone)
    for opens, closes in _occurrences(window, now):
        if now < closes:
            return max(opens, now.astimezone(UTC)).astimezone(zone)
    raise AssertionError(f"a window with days opens within {_DAYS_AHEAD} days")


def check_window(settings: FleetSettings, groups: Iterable[str], now: datetime) -> None:
    """Let a rollout start only while the window of every one of these groups is open.

    ``groups`` are the groups of all its hosts (:func:`policy_groups`). Raises WindowClosed that
    says when the next window opens; Problems where several groups are closed.
    """
    problems = []
    for group in sorted(set(groups)):
        policy = settings.policies.get(group)
        window = policy.window if policy else None
        if window is not None and not is_open(window, now):
            problems.append(_closed(group, window, now))
    refuse("no rollout may start now", problems, single=True)


def policy_groups(fleet: Fleet, hosts: Iterable[str]) -> tuple[str, ...]:
    """Every group that has one of these hosts, ``all`` and the fleet's own group included."""
    names = set(hosts)
    return tuple(group for group, members in fleet.groups.items() if names & set(members))


def window_text(window: Window) -> str:
    """The window as a person says it: ``tue, wed 14:00–17:00 (Europe/Berlin)``."""
    days = [day for day in DAYS if day in window.days]
    named = "every day" if len(days) == len(DAYS) else ", ".join(days)
    overnight = " of the next day" if window.end <= window.start else ""
    return f"{named} {window.start:%H:%M}–{window.end:%H:%M}{overnight} ({window.timezone})"


def _closed(group: str, window: Window, now: datetime) -> WindowClosed:
    opens = next_opening(window, now)
    return WindowClosed(
        f"rollouts of group {group} are allowed {window_text(window)}; the next window opens"
        f" {opens:%a %-d %b %H:%M}, {in_words(opens - now)}"
    )


def in_words(left: timedelta) -> str:
    """How long until then, to the hour (to the minute within a day): ``in 2 days 3 h``."""
    # Rounded up: no one should come back a minute too early.
    minutes = -(-left // timedelta(minutes=1))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = []
    if days:
        parts.append(f"{days} day{'s' * (days > 1)}")
    if hours:
        parts.append(f"{hours} h")
    if minutes and not days:
        parts.append(f"{minutes} min")
    return f"in {' '.join(parts)}" if parts else "now"


def _occurrences(window: Window, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Opening and closing moments (UTC) around now and after it, in order."""
    zone = ZoneInfo(window.timezone)
    today = now.astimezone(zone).date()
    next_day = timedelta(days=1 if window.end <= window.start else 0)
    # A window of yesterday may still be open; near a date line of the clock change look one more.
    for offset in range(-2, _DAYS_AHEAD):
        day = today + timedelta(days=offset)
        if DAYS[day.weekday()] not in window.days:
            continue
        opens = datetime.combine(day, window.start, zone).astimezone(UTC)
        closes = datetime.combine(day + next_day, window.end, zone).astimezone(UTC)
        if opens < closes:
            yield opens, closes
