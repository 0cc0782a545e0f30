"""A real Postgres for the runs of several control machines, and a second such machine."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bunker.journal.place import URL_VARIABLE
from bunker.lab import parts, recipes
from tests.lab.fleet_under_test import FleetUnderTest

LAST_NUMBER = 251
"""Of its address; the lab's hosts, services and neighbours have lower ones."""


class ControlMachine(FleetUnderTest):
    """A control machine of the lab's fleet with a folder of its own, beside the first one's."""

    def __init__(self, fleet: FleetUnderTest, root: Path, journal: str) -> None:
        self.root = root
        self.lab = fleet.lab
        self.journal = journal
        ignored = shutil.ignore_patterns(".bunker", "__pycache__")
        shutil.copytree(fleet.root, root, symlinks=True, ignore=ignored)

    @property
    def environment(self) -> dict[str, str]:
        """Environment of its commands: the shared database too."""
        return {**super().environment, URL_VARIABLE: self.journal}

    def kill(self, controller: subprocess.Popen[str]) -> None:
        """`kill -9` of a command and of its worker, as if the machine lost its power."""
        command = ["ps", "-o", "pid=", "--ppid", str(controller.pid)]
        found = subprocess.run(command, check=False, capture_output=True, text=True)
        controller.kill()
        for pid in found.stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue


@contextmanager
def postgres(fleet: FleetUnderTest, folder: Path) -> Iterator[str]:
    """The lab's Postgres on the lab's network; its address with a password. Removed at the end."""
    lab = fleet.lab
    engine, network = lab.engine(), lab.network()
    (recipe,) = (one for one in recipes.stack(lab.images_folder) if one.name == "postgres")
    password = secrets.token_hex(12)
    part = parts.Part(
        name=lab.naming.container("journal"),
        hostname="journal",
        image=lab.images().recipe(recipe),
        address=network.address(LAST_NUMBER),
        labels=(("part", "journal"),),
        environment=(
            "POSTGRES_USER=bunker",
            f"POSTGRES_PASSWORD={password}",
            "POSTGRES_DB=runs",
        ),
    )
    engine.remove(part.name)
    parts.ensure(engine, lab.naming, network, part, None)
    url = f"postgresql://bunker:{password}@{part.address}:5432/runs"
    try:
        _wait_for(url)
        yield url
    finally:
        engine.remove(part.name)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "the run database did not start"
            time.sleep(0.2)
        else:
            return
