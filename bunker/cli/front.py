"""What stands on the command line, before it is parsed: faults are told in our words.

The parser says no more than that it has no idea what a word is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from invoke.parser.context import ParserContext
from invoke.program import Program

from bunker.cli.options import ALIASES
from bunker.errors import BunkerError
from bunker.suggest import near_misses

if TYPE_CHECKING:
    from invoke.collection import Collection
    from invoke.parser.argument import Argument

HELP = ("--help", "-h")
ECHO = ("--dry", "-R")
UNFINISHED = "--complete"
"""Behind it stand the words of a line that is still being typed."""


def check(given: Sequence[str], tasks: Collection) -> None:
    """Raise BunkerError for a task or an option that there is not, and for a word too many."""
    if UNFINISHED in given:
        return
    line = _Line(tasks, list(given[: given.index("--")] if "--" in given else given))
    while line.words:
        word = line.words.pop(0)
        if word.startswith("-") and word != "-":
            line.option(word)
        else:
            line.plain(word)
    line.ends()


@dataclass
class _Line:
    """How far the line was read: which task, and how many plain words that still needs."""

    tasks: Collection
    words: list[str]
    task: str = ""
    missing: list[str] = field(default_factory=list)
    helped: bool = False

    def __post_init__(self) -> None:
        self.core = Program("0").initial_context
        self.context = self.core
        self.names = {
            name for first, others in self.tasks.task_names.items() for name in (first, *others)
        }

    def plain(self, word: str) -> None:
        if self.missing:
            self.missing.pop(0)
        elif word in self.names:
            self.task = word
            self.context = ParserContext(word, args=self.tasks[word].get_arguments())
            self.missing = [str(one.name) for one in self.context.missing_positional_args]
        elif not self.task:
            raise BunkerError(f"there is no command {word!r}", remedy=self._perhaps(word))
        else:
            raise BunkerError(f"{self.task} takes no word {word!r} here", remedy=self._help())

    def option(self, word: str) -> None:
        name, equals, _ = word.partition("=")
        if name in self.context.inverse_flags:
            return
        found = self._argument(name)
        if self.task and name in ECHO and name not in self.context.flags:
            found = None  # the parser has one of this name that changes nothing
        self.helped = self.helped or name in HELP
        if found is None and not name.startswith("--"):
            # Short options in one word, or one with its value.
            found, equals = self._argument(name[:2]), "="
        if found is None:
            raise BunkerError(
                f"{self.task or 'invoke'} has no option {name}", remedy=self._perhaps_option(name)
            )
        if not found.takes_value and "=" in word:
            raise BunkerError(f"{name} takes no value", remedy=self._help())
        if not found.takes_value or equals:
            return
        following = self.words[0] if self.words else ""
        if found.optional and (following.startswith("-") or following in self.names):
            return
        if self.words:
            self.words.pop(0)
        elif not found.optional:
            raise BunkerError(f"{name} needs a value", remedy=self._help())

    def ends(self) -> None:
        if self.missing and not self.helped:
            words = ", ".join(self.missing).upper()
            raise BunkerError(f"{self.task} needs {words}", remedy=self._help())

    def _argument(self, name: str) -> Argument | None:
        # Not get(), which knows no aliases.
        for flags in (self.context.flags, self.core.flags):
            if name in flags:
                found: Argument = flags[name]
                return found
        return None

    def _help(self) -> str:
        return f"See: invoke --help {self.task}".rstrip()

    def _perhaps(self, word: str) -> str:
        likely = near_misses(word, self.names)
        return f"Perhaps {' or '.join(likely)} was meant" if likely else "See: invoke --list"

    def _perhaps_option(self, name: str) -> str:
        former = set(ALIASES.values())
        words = {f"--{one.name}".replace("_", "-") for one in self.context.positional_args}
        flags = [flag for flag in self.context.flags if flag.startswith("--") and flag not in words]
        known = {flag[2:] for flag in flags} - former
        likely = [f"--{word}" for word in near_misses(name.lstrip("-"), known)]
        return f"Perhaps {' or '.join(likely)} was meant" if likely else self._help()
