"""What may stand for a plain word that was left out: picked on a terminal, else named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bunker.errors import BunkerError, Declined

if TYPE_CHECKING:
    from bunker.fleet import Fleet


class Asking(Protocol):
    """What has to be known of a command line: :class:`bunker.cli.options.Options`."""

    @property
    def json(self) -> bool: ...
    @property
    def yes(self) -> bool: ...
    @property
    def root(self) -> Path: ...
    def load_fleet(self) -> Fleet: ...


SHOWN = 20
"""A list that is longer is no help to choose from."""

Candidate = tuple[str, str]
"""A word, and what to know of it."""


@dataclass(frozen=True)
class Pick:
    """Marks a plain word of a command that may be left out: ``what`` it is, such as ``run``."""

    what: str
    candidates: Callable[[Asking], Sequence[Candidate]]

    def __call__(self, options: Asking) -> str:
        """One of the candidates. Raises BunkerError where no one can be asked, or there is none."""
        found = self.candidates(options)
        if not found:
            raise BunkerError(f"there is no {self.what} that this could be about")
        if not may_ask(options):
            names = ", ".join(name for name, _ in found[:SHOWN])
            raise BunkerError(f"the {self.what} is missing", expected=f"one of {names}")
        return _asked(self.what, found[:SHOWN])


def may_ask(options: Asking) -> bool:
    """Whether an operator sits there who can choose."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not (options.json or options.yes)


def runs(*states: str) -> Pick:
    """A run in one of these states; of any where none is given."""

    def candidates(options: Asking) -> list[Candidate]:
        from bunker.journal.reader import open_journal
        from bunker.terminal.run_text import ago, in_short

        with open_journal(options.root) as journal:
            found = journal.runs(limit=200)
        return [
            (one.run, f"{in_short(one)}: {one.state}, {ago(one.started)}")
            for one in found
            if not states or one.state in states
        ]

    return Pick("run", candidates)


def hosts() -> Pick:
    """A host of the fleet."""

    def candidates(options: Asking) -> list[Candidate]:
        fleet = options.load_fleet()
        return [(host.name, host.domain) for host in fleet.hosts.values()]

    return Pick("host", candidates)


def several(fleet: Fleet) -> tuple[str, ...]:
    """Hosts by name, pattern or number, as an operator at a terminal chooses them."""
    from bunker.terminal.output import tell

    names = list(fleet.hosts)
    _show([(host.name, host.domain) for host in fleet.hosts.values()])
    tell("Which hosts? Names, patterns or numbers, with commas: ", end="")
    given = [one for one in sys.stdin.readline().replace(",", " ").split() if one]
    if not given:
        raise Declined("no host was chosen")
    numbers = {str(number): name for number, name in enumerate(names, 1)}
    return tuple(numbers.get(one, one) for one in given)


def _show(found: Sequence[Candidate]) -> None:
    from bunker.terminal.output import tell

    width = max((len(name) for name, _ in found), default=0)
    for number, (name, about) in enumerate(found[:SHOWN], 1):
        tell(f"  {number:>2}  {name:<{width}}  {about}")
    if len(found) > SHOWN:
        tell(f"      and {len(found) - SHOWN} more")


def _asked(what: str, found: Sequence[Candidate]) -> str:
    from bunker.terminal.output import tell

    _show(found)
    default = " [1]" if len(found) == 1 else ""
    tell(f"Which {what}?{default} ", end="")
    answer = sys.stdin.readline().strip() or ("1" if default else "")
    if not answer:
        raise Declined(f"no {what} was chosen")
    names = [name for name, _ in found]
    if answer in names:
        return answer
    if answer.isascii() and answer.isdigit() and 0 < int(answer) <= len(names):
        return names[int(answer) - 1]
    raise BunkerError(f"{answer!r} is none of them", expected=f"1 to {len(names)}, or a name")
