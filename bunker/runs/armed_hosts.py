"""Hosts that roll back by themselves unless their run goes on, and until when, by its events."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

from bunker.applications.of_host import application_of
from bunker.errors import BunkerError
from bunker.events import Event, Outcome, Step

if TYPE_CHECKING:
    from bunker.runs.context import RunContext

ARMS: Final = "prepare the rollback"
DISARMS: Final = "record generation"
"""Titles of the steps of an application between which its dead-man's switch is armed."""


class ArmedHosts:
    """By host: the application whose change is armed, and when its deadline was renewed last."""

    def __init__(self) -> None:
        self._renewed: dict[str, tuple[str, float]] = {}

    def take(self, event: Event) -> None:
        """Each step of an armed change renews the deadline when it begins and when it ends."""
        if isinstance(event, Outcome) and event.result.outcome != "interrupted":
            self._renewed.pop(event.host, None)
        if not isinstance(event, Step):
            return
        application, _, title = event.name.partition(": ")
        now = event.time or time.time()
        if title == DISARMS and event.status == "ok":
            self._renewed.pop(event.host, None)
        elif event.host in self._renewed or (title == ARMS and event.status == "ok"):
            self._renewed[event.host] = (application, now)

    def sentences(self, context: RunContext) -> list[str]:
        """For each of them, when it rolls back."""
        found = []
        for host, (application, renewed) in sorted(self._renewed.items()):
            try:
                one = application_of(context.load_fleet().host(host), application)
            except BunkerError:  # its file was changed meanwhile
                continue
            until = datetime.fromtimestamp(renewed + one.settings.deadman_seconds).astimezone()
            found.append(f"{host} rolls back by itself at {until:%H:%M:%S %Z} unless it is resumed")
        return found
