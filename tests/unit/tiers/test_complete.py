"""`nox` fails where a test was left out: nobody takes silence for a proof."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def ran(folder: Path, body: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest, with this project's settings, over tests of their own."""
    (folder / "test_one.py").write_text(body)
    plain = ("-q", "-c", "/dev/null", "--rootdir", str(folder), "-p", "tests.conftest")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *words, str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


LEFT_OUT = """
import pytest

def test_skipped(): pytest.skip("no sshd here")

@pytest.mark.xfail
def test_known_to_fail(): assert False

@pytest.mark.xfail
def test_no_longer_failing(): pass

def test_done(): pass
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_test_that_was_left_out_fails_the_run(tmp_path: Path, workers: tuple[str, ...]) -> None:
    (tmp_path / "test_whole_file.py").write_text("import pytest\npytest.importorskip('nothing')\n")
    complete = ran(tmp_path, LEFT_OUT, "--complete", *workers)
    assert complete.returncode == 1, complete.stdout
    assert "not run to their end: 4" in complete.stdout


def test_without_any_the_run_passes(tmp_path: Path) -> None:
    assert ran(tmp_path, "def test_done(): pass\n", "--complete").returncode == 0
