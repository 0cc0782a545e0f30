"""A fleet whose hosts are answered for by a stand-in for `ssh`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.screens.terminal import ROOT, Terminal, invoke

WORKERS = "tests.unit.screens.made_up_workers"

HOST = (
    "host: {name}\naddress: 192.0.2.{number}\ndomain: {name}.example.org\n"
    "groups: [changemaker]\napplication: {{ref: v2}}\n"
)
# It checks that it is asked for one of the hosts that it can stand in for.
SSH = r"""#!/bin/sh
for word; do case $word in 192.0.2.*) address=$word ;; esac; done
answer=$ANSWERS/$address
[ -e "$answer" ] || { echo "ssh: connect to host $address: Connection refused" >&2; exit 255; }
cat "$answer"
"""


class Fleet:
    """``root`` is what BUNKER_ROOT names; ``answers`` has what each host says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "inventories" / "production"
        self.folder.mkdir(parents=True)
        self.answers = root / "answers"
        self.answers.mkdir()
        shutil.copy(ROOT / "inventories" / "production.py", root / "inventories")
        self.number = 0

    def world(self, **world: Any) -> None:
        """What made-up workers say from now on, see made_up_workers."""
        (self.root / "world.json").write_text(json.dumps({"steps": [], **world}))

    @contextmanager
    def on_terminal(self, *words: str, columns: int, **more: Any) -> Iterator[Terminal]:
        """`invoke WORDS`, with made-up workers, on a terminal."""
        program = (WORKERS, str(self.root))
        with invoke(
            *words,
            root=self.root,
            columns=columns,
            program=program,
            ANSWERS=str(self.answers),
            **more,
        ) as terminal:
            yield terminal

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a host's file."""
        file = self.folder / f"{name}.yml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def add(self, name: str, answer: str | None = None) -> Path:
        """A host, and what it says when it is asked; None: it refuses connections."""
        self.number += 1
        (self.folder / f"{name}.yml").write_text(HOST.format(name=name, number=self.number))
        place = self.answers / f"192.0.2.{self.number}"
        if answer is not None:
            place.write_text(answer)
        return place


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    found = Fleet(tmp_path / "fleet")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "ssh").write_text(SSH)
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return found
