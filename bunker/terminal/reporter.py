"""What a workflow tells the operator, whatever shows it: a terminal, plain lines or JSON."""

import sys
from contextlib import AbstractContextManager
from typing import IO, Protocol, Self

from bunker.errors import BunkerError
from bunker.events import Event
from bunker.outcomes import Outcomes
from bunker.plan.changes import FleetPlan
from bunker.terminal.output import tell


class Reporter(Protocol):
    """Receives a run as it happens. Events are those of :mod:`bunker.events`."""

    def event(self, event: Event) -> None:
        """One event, at the moment it arrives."""

    def show_plan(self, found: FleetPlan, next_command: str | None = None) -> None:
        """What would change, and the command that would apply it."""

    def confirm(self, question: str) -> bool:
        """Ask the operator; raises BunkerError where there is no one to ask."""

    def recap(self, outcomes: Outcomes, *, reason: str = "") -> None:
        """How each host ended, and why the run stopped early if it did."""


class ClosingReporter(Reporter, AbstractContextManager["ClosingReporter"], Protocol):
    """A reporter that gives the terminal back at the end, whatever happened."""

    def __enter__(self) -> Self: ...


def ask(
    question: str,
    *,
    yes: bool = False,
    source: IO[str] | None = None,
    target: IO[str] | None = None,
) -> bool:
    """A yes-or-no question on the terminal; only ``y`` or ``yes`` is a yes.

    Raises BunkerError without a terminal: silence must never count as consent.
    """
    if yes:
        return True
    source, target = source or sys.stdin, target or sys.stderr
    if not source.isatty():
        raise BunkerError(
            "this needs a confirmation, and there is no terminal to ask on; nothing was changed",
            remedy="Look at what would happen, then pass --yes",
        )
    tell(f"{question} [y/N] ", end="", stream=target)
    answer = source.readline()
    if not answer.endswith("\n"):  # the end of the input, as Ctrl-D gives it
        tell("", stream=target)
    return answer.strip().lower() in ("y", "yes")
