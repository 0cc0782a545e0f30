"""Lines on a console: colours only on a terminal that wants them."""

import sys
from collections.abc import Iterable
from typing import IO

from rich.console import Console
from rich.text import Text

from bunker.terminal.lines import Line
from bunker.terminal.wrapping import wrapped

COLOURS = {
    "": "",
    "heading": "bold",
    "add": "green",
    "change": "yellow",
    "remove": "red",
    "faint": "dim",
    "good": "green",
    "bad": "bold red",
    "warn": "yellow",
}


def make_console(stream: IO[str] | None = None) -> Console:
    """A console for a stream (stdout where None); no colours without a terminal or with NO_COLOR.

    Text is printed as it is: no markup, no highlighting, no hard line breaks.
    """
    return Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)


def print_lines(lines: Iterable[Line], console: Console | None = None) -> None:
    """Print lines, on stdout unless told otherwise."""
    target = console or make_console()
    width = target.width if target.is_terminal else 0
    for line in lines:
        for text in wrapped(line, width) if width else (line.text,):
            target.print(Text(text, style=COLOURS[line.style]), soft_wrap=True)
