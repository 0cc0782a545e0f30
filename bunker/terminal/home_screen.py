"""The home screen on a terminal: rows appear as hosts answer, what it means stands below."""

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

from rich.console import Console
from rich.status import Status

from bunker.applications.of_host import applications_of
from bunker.fleet import Fleet, Host
from bunker.terminal.console import make_console, print_lines
from bunker.terminal.home_text import home_lines
from bunker.terminal.lines import some
from bunker.terminal.recap_text import Repeat
from bunker.terminal.status_text import StatusTable, status_lines
from bunker.workflows.home import look
from bunker.workflows.status import HostStatus

WATCH_SECONDS: Final = 5
NAMED: Final = 3
"""So many hosts that have not answered yet are named."""


class HomeScreen:
    """One look at a fleet, or one after the other. Where stdout is no terminal it is told whole."""

    def __init__(self, fleet: Fleet, hosts: Sequence[Host], repeat: Repeat) -> None:
        self.fleet = fleet
        self.hosts = hosts
        self.repeat = repeat
        self._out = make_console()
        # FORCE_COLOR makes a console of any file, and still no one could watch it move.
        self._live = self._out.is_interactive and sys.stdout.isatty()

    def show(self, *, watch: bool = False) -> list[HostStatus]:
        """Look and show, with ``watch`` until Ctrl-C; what was seen last."""
        if not watch:
            return self._stream() if self._live else self._whole()
        found: list[HostStatus] = []
        try:
            while True:
                found = self._whole(clear=True)
                time.sleep(WATCH_SECONDS)
        except KeyboardInterrupt:
            return found

    def _whole(self, *, clear: bool = False) -> list[HostStatus]:
        statuses, runs = look(self.fleet, self.hosts)
        width = self._out.width if self._live else 0
        if clear and self._live:
            self._out.clear()
        if statuses:
            print_lines(status_lines(statuses, width), self._out)
        print_lines(home_lines(self.fleet, statuses, runs, self.repeat), self._out)
        return statuses

    def _stream(self) -> list[HostStatus]:
        names = [host.name for host in self.hosts]
        table = StatusTable(_labels(self.hosts), self._out.width)
        if names:
            print_lines([table.headers()], self._out)
        waiting = dict.fromkeys(names)
        with _waiting(self._out, names) as shown:

            def row(status: HostStatus) -> None:
                print_lines(table.rows(status), self._out)
                waiting.pop(status.host)
                if shown:
                    shown.update(_words(list(waiting)))

            statuses, runs = look(self.fleet, self.hosts, row)
        print_lines(home_lines(self.fleet, statuses, runs, self.repeat), self._out)
        return statuses


def _labels(hosts: Sequence[Host]) -> list[str]:
    """Names of all rows there may be."""
    return [
        label
        for host in hosts
        for label in (host.name, *(one.key for one in applications_of(host)))
    ]


def _waiting(console: Console, names: Sequence[str]) -> Status | nullcontext[None]:
    return console.status(_words(names)) if names else nullcontext()


def _words(names: Sequence[str]) -> str:
    return f"waiting for {some(names, NAMED)}" if names else "looking at the runs"
