"""A control machine as tests use it: commands are real processes, hosts are made up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bunker.events import RunBatch
from bunker.journal.records import Pace, RunRequest

CHECKOUT = Path(__file__).resolve().parents[3]
PROGRAM = [sys.executable, "-m", "tests.unit.runs.made_up_hosts"]
RUN = "20261121T140400-3f2a"


def request(*batches: tuple[str, ...], canary: bool = True, **more: Any) -> RunRequest:
    """A rollout through these batches; the first is the canary."""
    names = [f"batch {number}" for number in range(len(batches))]
    if canary:
        names[0] = "canary"
    made = tuple(RunBatch(name, hosts) for name, hosts in zip(names, batches, strict=True))
    pace = {key: more.pop(key) for key in ("soak_seconds", "analysed", "max_fail") if key in more}
    values: dict[str, Any] = {
        "run": RUN,
        "kind": "rollout",
        "fleet": "made-up",
        "by": "ada",
        "command": "invoke rollout --group all",
        **more,
    }
    return RunRequest(batches=made, pace=Pace(**pace), **values)


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Everything that it printed."""
        return self.stdout + self.stderr

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind that it printed."""
        rows = [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]
        return [row for row in rows if row.get("event") == kind]


@dataclass(frozen=True)
class ControlMachine:
    """One folder with its own runs; ``more`` is put into the environment of its commands."""

    root: Path
    more: Mapping[str, str] = field(default_factory=dict)

    def world(self, **world: Any) -> None:
        """How hosts, analyses and windows turn out from now on."""
        new = self.root / "world.new"
        new.write_text(json.dumps(world))
        new.replace(self.root / "world.json")

    def start(self, *words: str, stdin: str = "") -> subprocess.Popen[str]:
        """Start a command."""
        process = subprocess.Popen(
            [*PROGRAM, str(self.root), *words],
            cwd=CHECKOUT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.root),
                "PYTHONDONTWRITEBYTECODE": "1",
                **self.more,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        process.stdin = None
        return process

    def start_run(self, wanted: RunRequest) -> subprocess.Popen[str]:
        """Start the command that begins a run."""
        return self.start("begin", stdin=json.dumps(wanted.to_json()))

    def begin(self, wanted: RunRequest) -> Ran:
        """Begin a run and let the command end."""
        return finish(self.start_run(wanted))

    def invoke(self, *words: str) -> Ran:
        """`invoke WORDS…`."""
        return finish(self.start(*words))

    def shown(self, run: str = RUN) -> dict[str, Any]:
        """`invoke run.show`, as data."""
        found: dict[str, Any] = json.loads(self.invoke("run.show", run, "--json").stdout)
        return found

    def told(self, what: str) -> list[dict[str, Any]]:
        """What was done, of one kind, by all commands so far."""
        file = self.root / "told.jsonl"
        rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [row for row in rows if row["what"] == what]

    def wait_for(self, point: str) -> None:
        """Wait until a command is held up at a point."""
        mark = self.root / f"was-at-{point.replace(' ', '-')}"
        deadline = time.monotonic() + 60
        while not mark.exists():
            assert time.monotonic() < deadline, f"nobody came to {point!r}"
            time.sleep(0.05)


def finish(process: subprocess.Popen[str]) -> Ran:
    """Wait for a command's end."""
    try:
        stdout, stderr = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
    return Ran(process.returncode, stdout, stderr)
