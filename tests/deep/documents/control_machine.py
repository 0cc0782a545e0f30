"""A machine to work from as a new operator has it: a home of its own, names, and a prompt.

It is a shell on this machine in mount and host name spaces of its own: a fresh home folder at a
place that is in no repository, its SSH keys where OpenSSH looks for them whatever HOME says, and an
`/etc/hosts` that names the servers of the documents.
"""

from __future__ import annotations

import os
import pwd
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyte

from bunker.product import CODE as CHECKOUT
from tests.unit.screens.terminal import opened, own_terminal

COLUMNS, ROWS = 80, 3000
"""So many rows that nothing scrolls away."""
PATIENCE = 240
"""Seconds without a sign after which a command counts as stuck: nothing is silent for so long."""
PROMPTED = re.compile(rb"\x1b\]7700;(\d+)\x07")
PROMPT = "printf '\\033]7700;%s\\007' $?"
"""What the shell prints before each prompt: how the command ended; terminals show none of it."""
MACHINE = "desk"
HOME = "/mnt"

Answer = tuple[str, str]
"""What has to stand on the screen, and what is typed then."""


@dataclass(frozen=True)
class Said:
    """A command that ended: what stands on the screen, and how it ended."""

    command: str
    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class ControlMachine:
    """``home`` is made where it is missing; ``names`` are host names and their addresses.

    ``called`` has what the pages call otherwise: typed as it is, told as the pages call it.
    ``watch`` gets every piece that the terminal shows.
    """

    def __init__(
        self,
        home: Path,
        names: Mapping[str, str],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        hosts = home.parent / f"{home.name}.hosts"
        known = "".join(f"{address} {name}\n" for name, address in names.items())
        hosts.write_text(f"{Path('/etc/hosts').read_text()}\n127.0.0.1 {MACHINE}\n{known}")
        self.home = home
        self.called: dict[str, str] = {}
        self.watch: Callable[[bytes], None] = lambda _data: None
        ours, theirs = opened(COLUMNS, ROWS)
        keys = Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".ssh"
        for folder_of_keys in (keys, home / ".ssh"):
            folder_of_keys.mkdir(mode=0o700, exist_ok=True)
        fresh = (
            f'mount --bind "$0" {HOME} && mount --bind {HOME}/.ssh {keys}'
            f' && mount --bind "$1" /etc/hosts && hostname {MACHINE}'
        )
        steps = f"{fresh} && cd && exec bash --norc --noprofile --noediting -i"
        apart = ["unshare", "--mount", "--uts", "--propagation", "private"]
        if os.geteuid():
            apart += ["--user", "--map-root-user"]
        self.process = subprocess.Popen(
            [*apart, "sh", "-c", steps, home, hosts],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=own_terminal,  # noqa: PLW1509
            env={**_environment(), **(environment or {})},
        )
        os.close(theirs)
        self._ours = ours
        self._raw = b""
        self._reset()
        self._until_prompt(60, ())

    def run(self, command: str, *answers: Answer) -> Said:
        """Type a command, give the answers as they are asked for, and wait for the next prompt."""
        self._reset()
        typed = command
        for name, here in self.called.items():
            typed = typed.replace(name, here)
        watch, self.watch = self.watch, lambda _data: None
        os.write(self._ours, f"{typed}\n".encode())
        echoed = time.monotonic() + 20
        while b"\r\n" not in self._raw:
            assert time.monotonic() < echoed, f"not typed: {command}"
            self._read()
        # What was typed is no part of what was said.
        _, _, rest = self._raw.partition(b"\r\n")
        self._reset()
        self.watch = watch
        watch(f"$ {command}\r\n".encode())
        self._feed(rest)
        code = self._until_prompt(PATIENCE, answers)
        return Said(command, code, self._lines())

    def as_on_pages(self, text: str) -> str:
        """The text with what the pages call otherwise."""
        for name, here in self.called.items():
            text = text.replace(here, name)
        return text

    def end(self) -> None:
        """Leave; what still runs in it ends."""
        with suppress(OSError):
            os.killpg(self.process.pid, 9)
        self.process.wait(timeout=20)
        os.close(self._ours)

    def _reset(self) -> None:
        self._raw = b""
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)

    def _until_prompt(self, patience: float, answers: tuple[Answer, ...]) -> int:
        end = time.monotonic() + patience
        left, fresh = list(answers), True
        while not (ended := PROMPTED.search(self._raw)):
            assert time.monotonic() < end, f"it waits for something:\n{self._text()}"
            if fresh and left and _seen(left[0][0], self._text()):
                os.write(self._ours, left.pop(0)[1].encode())
            fresh = self._read()
            if fresh:
                end = time.monotonic() + patience
        assert not left, f"never asked: {left[0][0]}\n{self._text()}"
        return int(ended[1])

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], 0.1)
        if ready:
            self._feed(os.read(self._ours, 1 << 16))
        return bool(ready)

    def _feed(self, data: bytes) -> None:
        self._raw += data
        shown, _, _ = data.partition(b"\x1b]7700;")
        self._stream.feed(shown)
        self.watch(shown)

    def _lines(self) -> tuple[str, ...]:
        # Only what was written to: a screen of so many rows is mostly empty.
        last = max(self._screen.buffer, default=-1)
        lines = [line.rstrip() for line in self._screen.display[: last + 1]]
        while lines and not lines[-1]:
            lines.pop()
        return tuple(self.as_on_pages("\n".join(lines)).splitlines())

    def _text(self) -> str:
        return "\n".join(self._lines())


def _seen(wanted: str, text: str) -> bool:
    # What is looked for may be wrapped anywhere.
    return wanted in " ".join(text.split())


def _environment() -> dict[str, str]:
    """What this machine's shells know, and nothing of the environment that tests run in."""
    apart = ("BUNKER_", "VIRTUAL_ENV", "NOX_", "PYTEST", "PYTHON", "GIT_", "CI", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(apart)}
    own = str(Path(sys.prefix) / "bin")
    path = [folder for folder in kept["PATH"].split(":") if folder != own]
    return {
        **kept,
        "PATH": ":".join(path),
        "HOME": HOME,
        "USER": "anna",
        "LOGNAME": "anna",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PAGER": "cat",
        "PS1": "$ ",
        "PROMPT_COMMAND": PROMPT,
    }


def copy_checkout(to: Path) -> None:
    """What git would clone of this checkout, as it is now."""
    to.mkdir(parents=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, check=True).stdout
    there = b"\0".join(
        name for name in names.split(b"\0") if name and (CHECKOUT / os.fsdecode(name)).exists()
    )
    packed = subprocess.run(
        ["tar", "--null", "--files-from=-", "-c"],
        cwd=CHECKOUT,
        input=there,
        capture_output=True,
        check=True,
    ).stdout
    subprocess.run(["tar", "-x", "-C", to], input=packed, check=True)
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "A release"]):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
            cwd=to,
            check=True,
        )
