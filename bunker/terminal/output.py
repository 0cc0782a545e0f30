"""Printing: data on stdout, progress and errors on stderr, colours only where they are wanted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any

from bunker.terminal.lines import Line

if TYPE_CHECKING:
    from rich.console import Console

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
    from rich.console import Console  # noqa: PLC0415 - keeps `invoke --list` fast

    return Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)


def print_lines(lines: Iterable[Line], console: Console | None = None) -> None:
    """Print lines, on stdout unless told otherwise."""
    from rich.text import Text  # noqa: PLC0415

    target = console or make_console()
    for line in lines:
        target.print(Text(line.text, style=COLOURS[line.style]), soft_wrap=True)


def print_json(value: Any, stream: IO[str] | None = None) -> None:
    """One JSON document on stdout, readable by people as well."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    target = stream or sys.stdout
    target.write(text + "\n")
    target.flush()


def print_json_line(value: Any, stream: IO[str] | None = None) -> None:
    """One JSON object as one line on stdout."""
    target = stream or sys.stdout
    target.write(json.dumps(value, ensure_ascii=False) + "\n")
    target.flush()
