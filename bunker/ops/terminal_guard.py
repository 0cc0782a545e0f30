"""Keeping secrets and escapes out of what pyinfra's own command line prints.

Our commands redact every event before it leaves the worker. pyinfra prints by itself: a failed
step's output, arguments and answers with -vv and -vvv, tracebacks, its JSON. All of that goes
through the two streams of the process, so that is where it is caught.
"""

import logging
import re
import sys
from typing import Any, TextIO

from pyinfra import logger

from bunker.masking import RedactingFilter, Redactor
from bunker.printable import printable


class RedactedStream:
    """A text stream that redacts what is written to it and keeps the terminal from obeying it.

    All else is the stream's own.
    """

    def __init__(self, stream: TextIO, redact: Redactor) -> None:
        self._stream = stream
        self._redact = redact

    def write(self, text: str) -> int:
        """Write the text without secrets; tells how much was taken, as streams do."""
        self._stream.write(_shown(self._redact(text)))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each line without secrets."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> None:
        """No way around: who looks for a binary stream below is sent back to the text."""
        raise AttributeError("buffer")

    def __getattr__(self, name: str) -> Any:
        # Python asks here after `buffer` above refused, too.
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self._stream, name)


# pyinfra colours its own lines, and clears the one in which it shows its progress.
_COLOUR = re.compile("(\x1b\\[[0-9;]*m)")
_CLEAR = "\x1b[K"


def _shown(text: str) -> str:
    """What a host said is shown and not obeyed; colours and progress are pyinfra's own."""
    if text == _CLEAR:
        return text
    body, end = (text[:-1], "\r") if text.endswith("\r") else (text, "")
    parts = _COLOUR.split(body)
    parts[::2] = [printable(part, keep="\n\t") for part in parts[::2]]
    return "".join(parts) + end


def guard_terminal(redact: Redactor) -> None:
    """From now on this process prints nothing that ``redact`` knows. Again: no effect."""
    if isinstance(sys.stderr, RedactedStream):
        return
    sys.stdout, sys.stderr = RedactedStream(sys.stdout, redact), RedactedStream(sys.stderr, redact)
    # Handlers that were made before hold on to the bare stream.
    for handler in (*logging.getLogger().handlers, *logger.handlers):
        handler.addFilter(RedactingFilter(redact))
