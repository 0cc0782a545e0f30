"""Sentences in as many lines as a terminal needs for them; commands stay whole. Pure."""

import re
import textwrap
from typing import Final

from bunker.terminal.lines import Line

COMMAND: Final = re.compile(r"`invoke [^`]*`|\binvoke [a-z].*?(?=\.? [A-Z]|; |$)")
FEW_WORDS: Final = 4
"""So few before a command are no sentence."""
EXPLAINED: Final = "  # "
"""Stands between a command and what it does."""
HELD: Final = "\x00"
"""Stands for a blank at which no line is broken; no text that is printed has it."""


def wrapped(line: Line, width: int) -> list[str]:
    """A sentence in as many lines as it needs, the later ones indented.

    Commands, which are there to be copied, are never broken; a line that is little else than one,
    and lines of a diff or a log, stay as they are. What a command does may stand below it.
    """
    text = line.within(width)
    if len(text) <= width or line.cells or line.quoted:
        return [text]
    plain = text.lstrip()
    indent = " " * (len(text) - len(plain) + 4)
    found = COMMAND.search(plain)
    if found and len(plain[: found.start()].split()) < FEW_WORDS:
        command, explained, what = text.partition(EXPLAINED)
        if not explained:
            return [text]
        return [command.rstrip(), *_broken(f"{indent}# {what}", width, f"{indent}# ")]
    return _broken(text, width, indent)


def _broken(text: str, width: int, indent: str) -> list[str]:
    parts = textwrap.wrap(
        COMMAND.sub(lambda found: found[0].replace(" ", HELD), text),
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return [part.replace(HELD, " ") for part in parts]
