"""Lines on a console: colours only on a terminal that wants them."""

import sys
import textwrap
from collections.abc import Iterable
from typing import IO, Final

from rich.console import Console
from rich.text import Text

from bunker.terminal.lines import Line

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


COMMAND: Final = "invoke "


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


def wrapped(line: Line, width: int) -> list[str]:
    """A sentence in as many lines as it needs, the later ones indented.

    Commands, which are there to be copied, and lines of a diff or a log stay as they are.
    """
    text = line.within(width)
    plain = text.lstrip()
    if len(text) <= width or line.cells or line.quoted or COMMAND in text:
        return [text]
    indent = " " * (len(text) - len(plain) + 4)
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
