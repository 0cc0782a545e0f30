"""A run on a terminal: live progress per host; where stderr is no terminal, plain lines."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import IO

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from bunker.events import (
    Analysis,
    Begin,
    Connected,
    Event,
    HostEnded,
    Outcome,
    Paused,
    PlanFailed,
    Planned,
    Planning,
    RollbackBegan,
    Soak,
    Step,
    Unreachable,
)
from bunker.outcomes import Outcomes
from bunker.outlook import Outlook
from bunker.plan.changes import FleetPlan
from bunker.printable import printable
from bunker.terminal.console import make_console, print_lines
from bunker.terminal.event_text import event_lines
from bunker.terminal.lines import some
from bunker.terminal.pager import paged
from bunker.terminal.plan_text import plan_lines
from bunker.terminal.pulse import Pulse
from bunker.terminal.recap_text import Repeat, recap_lines
from bunker.terminal.reporter import Reporter, ask, choose, confirm_names

SOAK = "soak"
FEW_HOSTS = 3
"""Up to this many hosts every finished step is worth a line beside the live display."""


class RichReporter(Reporter):
    """Progress on stderr, plan and recap on stdout."""

    def __init__(
        self,
        *,
        verbose: bool = False,
        diff: bool = False,
        yes: bool = False,
        repeat: Repeat | None = None,
        out: IO[str] | None = None,
        err: IO[str] | None = None,
        source: IO[str] | None = None,
    ) -> None:
        self.verbose = verbose
        self.diff = diff
        super().__init__(yes=yes, repeat=repeat)
        self._source = source
        self._out = make_console(out)
        self._err = make_console(err or sys.stderr)
        # FORCE_COLOR makes a console of any file, and still no one could watch it move.
        self._animated = self._err.is_interactive and self._err.file.isatty()
        self._planning: dict[str, str] = {}
        self._rows: dict[str, TaskID] = {}
        self._progress: Progress | None = None
        self._pulse = Pulse()
        self._back: set[str] = set()
        self._told: dict[str, str] = {}

    def __exit__(self, *_raised: object) -> None:
        self._stop()

    def event(self, event: Event) -> None:
        """Show one event: in the live display, as a line, or both."""
        self._pulse.take(event)
        event = self._as_meant(event)
        if self._animated:
            self._live(event)
        else:
            print_lines(event_lines(event, verbose=self.verbose), self._err)

    def _as_meant(self, event: Event) -> Event:
        """A host that a rollback changed is no success to be told of in green."""
        match event:
            case Begin(kind=kind, batches=batches):
                self._told = {}
                if kind == "rollback":
                    self._back = {host for batch in batches for host in batch.hosts}
            case RollbackBegan(hosts=hosts):
                self._back |= set(hosts)
            case HostEnded(host=host, outcome="changed") if host in self._back:
                return replace(event, outcome="rolled back")
        return event

    def tick(self) -> None:
        """Steps and the soak's countdown move; without a live display a line tells of them."""
        if not self._animated:
            print_lines(self._pulse.lines(), self._err)
        elif self._progress:
            moving = {**self._pulse.steps(), SOAK: self._pulse.soak()}
            for name in moving.keys() & self._rows.keys():
                self._progress.update(self._rows[name], what=printable(moving[name]))

    def show_plan(
        self, found: FleetPlan, next_command: str | None = None, outlook: Outlook | None = None
    ) -> None:
        """The plan; where it went through a pager, the short one stands on the screen again."""
        self._stop()
        self._told = {**found.failed, **found.unreachable}
        lines = plan_lines(found, next_command, outlook, diff=self.diff)
        if self.diff and not self.yes and paged(lines, self._out, self._source):
            lines = plan_lines(found, next_command, outlook, diff=False, seen=True)
        print_lines(lines, self._out)

    def confirm(self, question: str) -> bool:
        self._stop()
        return ask(question, yes=self.yes, source=self._source, target=self._err.file)

    def confirm_names(self, names: Sequence[str], given: Sequence[str] = ()) -> None:
        self._stop()
        confirm_names(names, given, source=self._source, target=self._err.file)

    def choose(self, question: str, choices: Mapping[str, str]) -> str:
        self._stop()
        return choose(question, choices, source=self._source, target=self._err.file)

    def recap(self, outcomes: Outcomes, *, reason: str = "") -> None:
        self._stop()
        lines = recap_lines(outcomes, self.repeat, reason, verbose=self.verbose, told=self._told)
        print_lines(lines, self._out)

    def _live(self, event: Event) -> None:
        progress = self._progress or self._start()
        match event:
            case Planning(hosts=hosts):
                self._planning = dict.fromkeys(hosts, "connecting")
                self._show_planning(progress)
            case Connected() | Planned() | PlanFailed() | Unreachable():
                self._planning[event.host] = event.event
                self._show_planning(progress)
            case Step():
                self._show_step(progress, event)
            case Soak():
                self._rows[SOAK] = progress.add_task(SOAK, total=None, what=self._pulse.soak())
            case Analysis() | Paused() if SOAK in self._rows:
                progress.remove_task(self._rows.pop(SOAK))
            case HostEnded(host=host) if host in self._rows:
                progress.remove_task(self._rows.pop(host))
        if self._worth_a_line(event):
            print_lines(event_lines(event, verbose=self.verbose), progress.console)

    def _worth_a_line(self, event: Event) -> bool:
        # Plans are shown whole, so are the hosts that could not be planned; the recap has the
        # outcomes.
        if isinstance(event, Planning | Connected | Planned | PlanFailed | Unreachable | Outcome):
            return False
        few = len(self._planning) <= FEW_HOSTS
        return self.verbose or few or not isinstance(event, Step) or event.status == "failed"

    def _show_planning(self, progress: Progress) -> None:
        found = list(self._planning.values())
        words = [f"{found.count('planned')} of {len(found)} hosts planned"]
        waiting = [name for name, word in self._planning.items() if word == "connecting"]
        bad = len(found) - found.count("planned") - found.count("connected") - len(waiting)
        words += [f"{bad} not possible"] if bad else []
        words += [f"waiting for {some(waiting, 3)}"] if waiting else []
        row = self._rows.get("")
        if row is None:
            row = self._rows[""] = progress.add_task("plan", total=len(found), what="")
        done = found.count("planned") + bad
        progress.update(row, completed=done, total=len(found), what=", ".join(words))

    def _show_step(self, progress: Progress, step: Step) -> None:
        row = self._rows.get(step.host)
        if row is None:
            row = progress.add_task(printable(step.host), total=step.of, what="")
            self._rows[step.host] = row
        done = step.number - (step.status == "started")
        progress.update(row, completed=done, what=printable(step.name))

    def _start(self) -> Progress:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TimeElapsedColumn(),
            TextColumn("{task.fields[what]}", markup=False),
            console=self._err,
            transient=True,
        )
        self._progress.start()
        return self._progress

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._rows.clear()
