"""A process that executes one run leaves every other one alone, also one that is just taken up."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
PROGRAM = """
import os, sys, time
from pathlib import Path
from bunker.journal.engine import engine, step

def workflow(data):
    def work():
        if what == "die":
            os._exit(9)
        print("did", data["name"], flush=True)
    step("work", work)
    return {}

root, run, what = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with engine(root, run, workflow) as execution:
    if what in ("die", "begin"):
        execution.start({"name": run})
    seen = execution.status()
    if what == "begin":
        execution.result()
        time.sleep(3)
    while execution.status() == "PENDING":
        time.sleep(0.1)
    print(seen, execution.status())
"""


def execute(root: Path, run: str, what: str) -> str:
    """One process that begins a run, dies in it, or takes it up; what it printed."""
    words = [sys.executable, "-c", PROGRAM, str(root), run, what]
    done = subprocess.run(
        words, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode in (0, 9), done.stderr
    return done.stdout


def test_a_run_in_the_queue_for_being_resumed_waits_for_its_own_process(tmp_path: Path) -> None:
    assert execute(tmp_path, "first", "die") == ""
    # What DBOS does with it for the first second of being taken up, in which processes die too.
    with sqlite3.connect(tmp_path / ".bunker" / "runs.sqlite") as database:
        database.execute(
            "update workflow_status set status = 'ENQUEUED', queue_name = '_dbos_internal_queue'"
        )
    second = execute(tmp_path, "second", "begin")
    assert ("did second" in second, "did first" in second) == (True, False)
    assert execute(tmp_path, "first", "resume") == "did first\nPENDING SUCCESS\n"
