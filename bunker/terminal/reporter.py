"""What a workflow tells the operator, whatever shows it: a terminal, plain lines or JSON."""

import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import IO

from bunker.errors import BunkerError, Declined
from bunker.events import Event
from bunker.outcomes import Outcomes
from bunker.outlook import Outlook
from bunker.plan.changes import FleetPlan
from bunker.terminal.output import tell
from bunker.terminal.recap_text import Repeat


class Reporter(AbstractContextManager["Reporter"]):
    """Receives a run as it happens. Events are those of :mod:`bunker.events`.

    ``yes`` answers every question, ``repeat`` says how a command is given again. At its end it
    gives the terminal back, whatever happened.
    """

    def __init__(self, *, yes: bool = False, repeat: Repeat | None = None) -> None:
        self.yes = yes
        self.repeat = repeat or Repeat()

    def __exit__(self, *_raised: object) -> None: ...

    @abstractmethod
    def event(self, event: Event) -> None:
        """One event, at the moment it arrives."""

    @abstractmethod
    def show_plan(
        self, found: FleetPlan, next_command: str | None = None, outlook: Outlook | None = None
    ) -> None:
        """What would change, the command that would apply it, and how that would go."""

    def confirm(self, question: str) -> bool:
        """Ask the operator; raises BunkerError where there is no one to ask."""
        return ask(question, yes=self.yes)

    def confirm_names(self, names: Sequence[str], given: Sequence[str] = ()) -> None:
        """Let the names of hosts that may lose data be typed; raises unless they are.

        ``given`` are names that came with the command: they were not these.
        """
        confirm_names(names, given)

    def tick(self) -> None:
        """Called a few times a second while nothing happens: for what changes with time alone."""

    def choose(self, question: str, choices: Mapping[str, str]) -> str:
        """Ask which of several words, each with what it does; Enter is the last one."""
        return choose(question, choices)

    @abstractmethod
    def recap(self, outcomes: Outcomes, *, reason: str = "") -> None:
        """How each host ended, and why the run stopped early if it did."""


def confirm_names(
    names: Sequence[str],
    given: Sequence[str] = (),
    *,
    source: IO[str] | None = None,
    target: IO[str] | None = None,
) -> None:
    """Ask for the names of hosts that may lose data; --yes is no answer to that.

    Raises Declined where something else is typed, BunkerError without a terminal.
    """
    source, target = source or sys.stdin, target or sys.stderr
    wanted = ",".join(names)
    if given or not source.isatty():
        problem = "this may lose data, and that was not confirmed; nothing was changed"
        if given:
            problem = f"--confirm names {','.join(given)}, and this may lose data on {wanted}"
        raise BunkerError(problem, remedy=f"If that is meant, pass --confirm {wanted}")
    noun = "the name of the host" if len(names) == 1 else "the names of these hosts, with commas"
    tell(f"This may lose data. To go on, type {noun} ({wanted}): ", end="", stream=target)
    typed = {word for word in source.readline().replace(",", " ").split() if word}
    if not typed:
        raise Declined("nothing was changed")
    if typed != set(names):
        text = f"{', '.join(sorted(typed))} is not {wanted}; nothing was changed"
        raise BunkerError(text, remedy="Type the names as the plan has them")


def choose(
    question: str,
    choices: Mapping[str, str],
    *,
    source: IO[str] | None = None,
    target: IO[str] | None = None,
) -> str:
    """Ask which of several words on the terminal: a whole word or its first letter.

    Enter, and the end of the input, is the last one.
    """
    source, target = source or sys.stdin, target or sys.stderr
    width = max(map(len, choices))
    tell(question, stream=target)
    for word, what in choices.items():
        tell(f"  {word[0]}  {word:<{width}}  {what}", stream=target)
    *_, last = choices
    while True:
        tell(f"Which? [{last[0]}] ", end="", stream=target)
        line = source.readline()
        answer = line.strip().lower()
        if not line.endswith("\n"):
            tell("", stream=target)
        if not answer:
            return last
        found = [word for word in choices if answer in (word, word[0])]
        if found:
            return found[0]
        if not line.endswith("\n"):
            return last


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
