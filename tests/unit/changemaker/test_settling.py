"""After the gate: what a kind's log is held against it, and that of any other project is not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bunker.shell import with_variables
from deploys.changemaker.deploy import CHANGEMAKER
from deploys.compose.deploy import COMPOSE
from deploys.stack.armed import PROJECT
from deploys.stack.stack import Stack

DOCKER = """#!/bin/sh
case "$*" in
  "ps -aq"*) echo c1 ;;
  *RestartCount*) cat "$WORLD/starts"; cp "$WORLD/later" "$WORLD/starts" ;;
  "logs --since"*) cat "$WORLD/log" ;;
  "inspect --format"*) echo "api c1" ;;
esac
"""


def settled(world: Path, stack: Stack, log: str, *, restarts: int = 0) -> tuple[int, str]:
    """How it ended and what it said, for a project with one service called ``api``."""
    (world / "log").write_text(log)
    for name, count in {"starts": 0, "later": restarts}.items():
        (world / name).write_text(f"/app-api-1 c1 {count} 2026-01-01T00:00:0{count}Z true\n")
    (world / "docker").write_text(DOCKER)
    (world / "docker").chmod(0o755)
    text = stack.scripts(*PROJECT, "logged", "settle").replace("explain\n", ":\n")
    script = with_variables(text, DIRECTORY=str(world), PROJECT="app", QUIET_SECONDS=2)
    done = subprocess.run(
        ["sh", "-c", script],
        env={"PATH": f"{world}:{os.environ['PATH']}", "WORLD": str(world)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


ERRORS = "".join(f"ERROR number {number}\n" for number in range(4))


def test_the_api_of_an_instance_may_log_three_errors_and_no_more(tmp_path: Path) -> None:
    assert settled(tmp_path, CHANGEMAKER, "ERROR one\n" * 3 + "INFO x\n" * 9) == (0, "")
    assert settled(tmp_path, CHANGEMAKER, ERRORS) == (
        70,
        f"the gate was passed, and then the api logged more than 3 errors:\n{ERRORS}",
    )


def test_what_an_api_of_any_other_project_logs_is_its_own_affair(tmp_path: Path) -> None:
    assert settled(tmp_path, COMPOSE, ERRORS) == (0, "")


@pytest.mark.parametrize("stack", [CHANGEMAKER, COMPOSE])
def test_a_container_that_restarts_counts_for_every_kind(tmp_path: Path, stack: Stack) -> None:
    code, said = settled(tmp_path, stack, "", restarts=1)
    assert code == 70
    assert "containers did not keep running:\napp-api-1\n" in said
