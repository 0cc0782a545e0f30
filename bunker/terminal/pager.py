"""A text that is longer than the screen, through the operator's pager.

rich hands over what it would print, and this starts the program: rich's own one prefers $MANPAGER,
and shows nothing where the pager cannot be started.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Final

from rich.console import Console
from rich.pager import Pager

from bunker.terminal.console import print_lines
from bunker.terminal.lines import Line
from bunker.terminal.wrapping import wrapped

LESS: Final = "less -R"
CANNOT_START: Final = (126, 127)
"""What a shell answers where there is no such program."""


def paged(lines: Sequence[Line], console: Console, source: IO[str] | None = None) -> bool:
    """Whether a pager showed the lines: there is an operator, and the screen is too small."""
    command = os.environ.get("PAGER", LESS if shutil.which("less") else "")
    if not (command and _is_watched(console, source or sys.stdin)):
        return False
    width = console.width
    rows = [-(-len(text) // width) or 1 for line in lines for text in wrapped(line, width)]
    if sum(rows) < console.height:
        return False
    pager = _Program(command)
    with console.pager(pager, styles=True):
        print_lines(lines, console)
    return pager.shown


def _is_watched(console: Console, source: IO[str]) -> bool:
    # FORCE_COLOR makes a terminal of any file, and in CI there may be one that no one looks at.
    ours = console.is_terminal and console.file.isatty() and source.isatty()
    return ours and not console.is_dumb_terminal and not os.environ.get("CI")


class _Program(Pager):
    """A command of the shell, as everything takes $PAGER for one."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.shown = False

    def show(self, content: str) -> None:
        with _ctrl_c_is_the_pagers():
            done = subprocess.run(
                ["sh", "-c", self.command],
                input=content,
                # Colours come through where $LESS does not say otherwise; git does the same.
                env={"LESS": "R", **os.environ},
                text=True,
                errors="backslashreplace",
                check=False,
            )
        self.shown = done.returncode not in CANNOT_START


@contextmanager
def _ctrl_c_is_the_pagers() -> Iterator[None]:
    """Pagers stop scrolling by it. Not ignored, as the pager would inherit that."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
