"""Errors that an operator sees: one clear sentence, an exit code, never a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import ParamSpec, TypeVar

from bunker.printable import printable

Given = ParamSpec("Given")
Result = TypeVar("Result")


class ExitCode(IntEnum):
    """What the process answers; the numbers are part of the command line's contract."""

    OK = 0
    ERROR = 1
    CHANGES_PENDING = 2
    SOME_HOSTS_FAILED = 3
    ROLLED_BACK = 4
    LOCK_HELD = 5
    PLAN_STALE = 6
    GATE_INCONCLUSIVE = 7
    UNSAFE_FOR_OLDER_CODE = 8
    WINDOW_CLOSED = 9
    APPROVAL_MISSING = 10
    INTERRUPTED = 130


class BunkerError(Exception):
    """Something the operator can act on.

    ``problem`` says what is wrong and where it stands, ``expected`` what should be there, and
    ``remedy`` what to do or run next. Secret values must never be put in any of them.
    """

    exit_code = ExitCode.ERROR

    def __init__(
        self,
        problem: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = where
        self.expected = expected
        self.remedy = remedy

    @property
    def each(self) -> list[BunkerError]:
        """Every single problem in it."""
        return [self]

    def to_json(self) -> dict[str, str | None]:
        """The sentence's parts, for programs."""
        return {name: getattr(self, name) for name in ("problem", "where", "expected", "remedy")}

    @staticmethod
    def from_json(data: Mapping[str, str | None]) -> BunkerError:
        """The error as :meth:`to_json` wrote it."""
        parts = {name: data.get(name) for name in ("where", "expected", "remedy")}
        return BunkerError(data.get("problem") or "", **parts)

    def __str__(self) -> str:
        text = f"{self.where}: {self.problem}" if self.where else self.problem
        if self.expected:
            text = f"{text}; expected {self.expected}"
        text = text.rstrip(".") + "."
        if self.remedy:
            text = f"{text} {self.remedy.rstrip('.')}."
        # It may quote the name of a file or of a key, which anybody can choose.
        return printable(text, keep="\n")


class Problems(BunkerError):
    """Several problems found in one pass, all listed at once.

    Those that all have the same exit code end the process with it.
    """

    def __init__(self, title: str, problems: Iterable[BunkerError]) -> None:
        self.problems = list(problems)
        codes = {problem.exit_code for problem in self.problems}
        if len(codes) == 1:
            self.exit_code = codes.pop()
        super().__init__(title)

    @property
    def each(self) -> list[BunkerError]:
        """Every single problem in it, those of problems within problems too."""
        return [single for problem in self.problems for single in problem.each]

    def __str__(self) -> str:
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        return printable(f"{self.problem} ({len(self.problems)}):\n{lines}", keep="\n")


def attempt(
    work: Callable[Given, Result], *given: Given.args, **more: Given.kwargs
) -> Result | BunkerError:
    """What a function returns, or the BunkerError that it raises."""
    try:
        return work(*given, **more)
    except BunkerError as error:
        return error


def distinct(problems: Iterable[BunkerError]) -> list[BunkerError]:
    """The problems without those that say the same again."""
    return list({str(problem): problem for problem in problems}.values())


def refuse(title: str, problems: Iterable[BunkerError], *, single: bool = False) -> None:
    """Raise Problems where there are any; with ``single`` one alone as it is."""
    match list(problems):
        case []:
            return
        case [problem] if single:
            raise problem
        case found:
            raise Problems(title, found)


class PlanStale(BunkerError):
    """A saved plan no longer fits its host or its inputs."""

    exit_code = ExitCode.PLAN_STALE


class WindowClosed(BunkerError):
    """The window of a group is closed."""

    exit_code = ExitCode.WINDOW_CLOSED


class ApprovalMissing(BunkerError):
    """A second operator did not approve this yet."""

    exit_code = ExitCode.APPROVAL_MISSING


class Declined(BunkerError):
    """The operator answered a question with no: nothing was done, and nothing is wrong."""

    exit_code = ExitCode.OK


class Interrupted(BunkerError):
    """The operator stopped the command; ``remedy`` carries the command that goes on."""

    exit_code = ExitCode.INTERRUPTED
