"""Printing: data on stdout, progress and errors on stderr.

The one way out: nothing else writes to a terminal, and what leaves here is printable. Lines, which
may have colours, are printed by :mod:`bunker.terminal.console`.
"""

import os
import sys
from contextlib import suppress
from itertools import chain
from typing import IO, Any

from bunker.printable import json_text, printable
from bunker.terminal.lines import Line
from bunker.terminal.wrapping import wrapped


def print_json(value: Any, stream: IO[str] | None = None) -> None:
    """One JSON document on stdout, readable by people as well."""
    _write(json_text(value, indent=2) + "\n", stream or sys.stdout)


def print_json_line(value: Any, stream: IO[str] | None = None) -> None:
    """One JSON object as one line on stdout."""
    _write(json_text(value) + "\n", stream or sys.stdout)


def say(text: str, stream: IO[str] | None = None, *, whole: bool = False) -> None:
    """Data as lines on stdout; ``text`` may have several.

    A terminal breaks them at words, unless ``whole``: what was not worded here.
    """
    target = stream or sys.stdout
    shown = printable(text, keep=_KEPT)
    _write(f"{shown if whole else _fitting(shown, target)}\n", target)


def tell(text: str, *, end: str = "\n", stream: IO[str] | None = None) -> None:
    """What is no data, on stderr: errors, advice, progress, questions (with ``end`` empty).

    In one write, because progress comes from several threads. A terminal that was closed is told
    nothing; a command that has to clean up goes on.
    """
    target = stream or sys.stderr
    with suppress(OSError):
        _write(f"{_fitting(printable(text, keep=_KEPT), target)}{end}", target)


def print_clear(text: str) -> None:
    """A value as it is, for a file or another program; on a terminal printable."""
    if sys.stdout.isatty():
        say(text, whole=True)
    else:
        _write(f"{text}\n", sys.stdout)


def show_anything() -> None:
    """Let both streams take any character, as a mark where the terminal has not got it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _fitting(text: str, stream: IO[str]) -> str:
    """The text with its lines broken at words where a terminal would break them anywhere."""
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # it is no terminal
        return text
    words = text.rstrip(" ")
    lines = (wrapped(Line(line), width) if width else [line] for line in words.split("\n"))
    # The blank behind a question stands before its answer.
    return "\n".join(chain(*lines)) + text[len(words) :]


def _write(text: str, stream: IO[str]) -> None:
    stream.write(text)
    stream.flush()


_KEPT = "\n\t"
