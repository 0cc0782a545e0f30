"""What labs of several checkouts share on a machine is made by one of them at a time."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.lab import machine

HOLDER = """
import sys
from bunker.lab import machine
with machine.lock("thing"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(machine.tempfile, "tempdir", None)


def test_a_lock_is_held_by_one_process_and_free_again_when_that_was_killed() -> None:
    first, second = (
        subprocess.Popen(
            [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    )
    try:
        with machine.lock("another"):
            winner, waiting = _said_first(first, second)
        winner.kill()
        assert waiting.stdout
        assert waiting.stdout.readline() == "held\n"
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()


def _said_first(*processes: subprocess.Popen[str]) -> tuple[subprocess.Popen[str], ...]:
    """The process that holds the lock, and the one that waits for it."""
    by_stream = {process.stdout: process for process in processes}
    ready, _, _ = select.select(list(by_stream), [], [], 30)
    assert len(ready) == 1, "both say that they hold it"
    winner = by_stream[ready[0]]
    still, _, _ = select.select([p.stdout for p in processes if p is not winner], [], [], 0.3)
    assert still == [], "both say that they hold it"
    return winner, next(process for process in processes if process is not winner)


def test_a_folder_that_others_could_write_to_is_refused(tmp_path: Path) -> None:
    folder = machine.shared_folder(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(BunkerError, match="belongs to another user"):
        machine.shared_folder(tmp_path)


def test_a_link_that_was_laid_there_is_refused(tmp_path: Path) -> None:
    folder = machine.shared_folder(tmp_path)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(BunkerError, match="belongs to another user"):
        machine.shared_folder(tmp_path)
