"""What still goes on, for whoever waits: a line now and then where nothing else is printed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bunker.duration import format_duration
from bunker.events import Analysis, Event, HostEnded, Paused, Soak, Soaking, Step
from bunker.terminal.event_text import soak_text
from bunker.terminal.lines import Line, some

QUIET_SECONDS: Final = 30
"""Nothing that goes on is silent for longer."""
SOAK: Final = ""
"""Stands for the soak among hosts."""


@dataclass(frozen=True)
class _Running:
    """A step under way: its number, its name, since when."""

    number: str
    name: str
    since: float


class Pulse:
    """Takes the events of a run; ``clock`` is the time in seconds since 1970.

    Each host's step is told for itself: that another host gets on says nothing of this one.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._steps: dict[str, _Running] = {}
        self._soaking: Soaking | None = None
        self._told: dict[str, float] = {}

    def take(self, event: Event) -> None:
        """Know what goes on by what happened."""
        now = self._clock()
        match event:
            case Step(status="started"):
                number = f"[{event.number}/{event.of}]"
                self._steps[event.host] = _Running(number, event.name, now)
                self._told[event.host] = now
            case Step() | HostEnded():
                self._steps.pop(event.host, None)
            case Soak(until=until):
                self._soaking = Soaking(until=until)
                self._told[SOAK] = now
            case Soaking():
                # It says nothing by itself: how much is left is told with it.
                self._soaking = event
            case Analysis() | Paused():
                self._soaking = None

    def soak(self) -> str:
        """How long the first batch is still watched, and what it did so far."""
        return soak_text(self._soaking, self._clock()) if self._soaking else ""

    def steps(self) -> dict[str, str]:
        """By host: the step that is under way, and how long already."""
        now = self._clock()
        return {
            host: f"{step.name}: {format_duration(int(now - step.since))}"
            for host, step in self._steps.items()
            if now - step.since >= 1
        }

    def lines(self) -> list[Line]:
        """What goes on of which nothing was told for a while; hosts in the same step together."""
        now = self._clock()
        every = (*self._steps, SOAK)
        due = [name for name in every if now - self._told.get(name, now) >= QUIET_SECONDS]
        self._told |= dict.fromkeys(due, now)
        alike: dict[str, list[str]] = {}
        for host in sorted(set(due) & self._steps.keys()):
            step = self._steps[host]
            alike.setdefault(f"{step.number} {step.name}", []).append(host)
        lines = []
        for title, hosts in alike.items():
            longest = max(now - self._steps[host].since for host in hosts)
            text = f"{some(hosts)}: {title}: {format_duration(int(longest))} so far"
            lines.append(Line(text, "faint"))
        if SOAK in due and self._soaking:
            lines.append(Line(f"soak: {self.soak()}", "faint"))
        return lines
