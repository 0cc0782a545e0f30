"""A real pseudo-terminal of a given size with a command in it, and what stands on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

from tests.unit.front_door import environment

ROOT = Path(__file__).resolve().parents[3]
ROWS = 200
"""So many that nothing scrolls away."""
PATIENCE = 60


class Terminal:
    """A command on a screen; ``lines`` is what an operator sees."""

    def __init__(
        self, columns: int, rows: int, process: subprocess.Popen[bytes], ours: int
    ) -> None:
        self.process = process
        self._ours = ours
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def lines(self) -> list[str]:
        """The lines of the screen down to the last one with something on it."""
        found = [line.rstrip() for line in self._screen.display]
        while found and not found[-1]:
            found.pop()
        return found

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def colour_of(self, text: str) -> str:
        """The colour in which a text stands on the screen, with `bold` where it is."""
        at = next(n for n, line in enumerate(self._screen.display) if text in line)
        sign = self._screen.buffer[at][self._screen.display[at].index(text)]
        return f"bold {sign.fg}" if sign.bold else str(sign.fg)

    def type(self, text: str) -> None:
        """As an operator does; a control character acts as it does on a terminal."""
        os.write(self._ours, text.encode())

    def until(self, seen: str | Callable[[str], bool]) -> str:
        """Read until something stands on the screen; the screen then."""
        found = (lambda text: seen in text) if isinstance(seen, str) else seen
        end = time.monotonic() + PATIENCE
        while not found(self.text):
            assert time.monotonic() < end, f"not seen: {seen}\n{self.text}"
            if not self._read():
                assert found(self.text), f"ended without {seen!r}:\n{self.text}"
        return self.text

    def end(self) -> int:
        """Read to the end of the command; its exit code."""
        end = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < end, f"it does not end:\n{self.text}"
        return self.process.wait(timeout=PATIENCE)

    def _read(self) -> bool:
        """Take what there is, waiting a moment; whether there may be more."""
        ready, _, _ = select.select([self._ours], [], [], 0.2)
        if not ready:
            return True
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:  # the other end is closed
            return False
        self._stream.feed(data)
        return bool(data)


def words_of(terminal: Terminal) -> str:
    """All words of the screen, wherever its lines end."""
    return " ".join(terminal.text.split())


def own_terminal() -> None:
    """In a new process: its stdin is its terminal, and Ctrl-C reaches what runs there.

    Whoever starts tests in the background may ignore Ctrl-C, which would be inherited.
    """
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def opened(columns: int, rows: int) -> tuple[int, int]:
    """A pseudo-terminal of that size: our end, and the one of what runs in it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return ours, theirs


@contextmanager
def invoke(
    *words: str,
    root: Path,
    columns: int,
    rows: int = ROWS,
    program: Sequence[str] = ("invoke",),
    **more: str,
) -> Iterator[Terminal]:
    """`invoke WORDS` for the fleet of a folder, on a terminal that is so wide.

    ``program`` is a module that takes the place of `invoke`, with its own words.
    """
    ours, theirs = opened(columns, rows)
    process = subprocess.Popen(
        [sys.executable, "-m", *program, *words],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=own_terminal,  # noqa: PLW1509
        env=environment(root, **{"TERM": "xterm-256color", "LANG": "C.UTF-8", **more}),
    )
    os.close(theirs)
    try:
        yield Terminal(columns, rows, process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
