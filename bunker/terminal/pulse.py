"""What still goes on, for whoever waits: a line now and then where nothing else is printed."""

import time
from collections.abc import Callable
from typing import Final

from bunker.duration import format_duration
from bunker.events import Analysis, Event, HostEnded, Paused, Soak, Soaking, Step
from bunker.terminal.event_text import soak_text
from bunker.terminal.lines import Line

QUIET_SECONDS: Final = 30
"""Nothing is silent for longer."""


class Pulse:
    """Takes the events of a run; ``clock`` is the time in seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._steps: dict[str, tuple[str, float]] = {}
        self._soaking: Soaking | None = None
        self._told = clock()

    def take(self, event: Event) -> None:
        """Know what goes on by what happened."""
        match event:
            case Step(status="started"):
                title = f"[{event.number}/{event.of}] {event.name}"
                self._steps[event.host] = (title, self._clock())
            case Step() | HostEnded():
                self._steps.pop(event.host, None)
            case Soak(until=until):
                self._soaking = Soaking(until=until)
            case Soaking():
                # It says nothing by itself: how much is left is told with it.
                self._soaking = event
                return
            case Analysis() | Paused():
                self._soaking = None
        self._told = self._clock()

    def soak(self) -> str:
        """How long the first batch is still watched, and what it did so far."""
        return soak_text(self._soaking, self._clock()) if self._soaking else ""

    def lines(self) -> list[Line]:
        """What goes on, where nothing was told for a while."""
        now = self._clock()
        if now - self._told < QUIET_SECONDS:
            return []
        self._told = now
        lines = [
            Line(f"{host}: {title}: {format_duration(now - since)} so far", "faint")
            for host, (title, since) in sorted(self._steps.items())
        ]
        return lines + ([Line(f"soak: {self.soak()}", "faint")] if self._soaking else [])
