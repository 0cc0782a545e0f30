"""The real runs, DBOS and commands in a process of their own, over hosts that are made up.

`python -m tests.unit.runs.made_up_hosts WORLD WORDS…` is `invoke WORDS…`, or begins the run
whose request is on standard input where the words are `begin`. WORLD is a folder: `world.json`
says how hosts and analyses turn out, `told.jsonl` gets what was done.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from bunker.events import Analysis, Outcome, RunBatch
from bunker.outcomes import HostOutcome, Outcomes
from bunker.runs.context import RunContext

WORLD = Path(sys.argv[1])
PARENT = os.getppid()


def told(what: str, **more: Any) -> None:
    """Write down what was done; the test reads it."""
    with (WORLD / "told.jsonl").open("a") as file:
        file.write(json.dumps({"what": what, **more}) + "\n")


def reach(point: str) -> None:
    """Come to a point where the world may want the process dead (once) or held up."""
    world = read_world()
    once = WORLD / f"was-at-{point.replace(' ', '-')}"
    if world.get("die_at") == point and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    while world.get("wait_at") == point and os.getppid() == PARENT:
        once.touch()
        time.sleep(0.05)
        world = read_world()


def read_world() -> dict[str, Any]:
    """How things turn out, as the test wants it right now."""
    found: dict[str, Any] = json.loads((WORLD / "world.json").read_text())
    return found


class MadeUpChange:
    """Stands for BatchChange: every host ends as the world says, or "changed"."""

    def __init__(self, context: RunContext, batch: RunBatch) -> None:
        self.context = context
        self.batch = batch

    def run(self) -> Outcomes:
        """Change the hosts."""
        told("change", batch=self.batch.name, hosts=list(self.batch.hosts))
        reach(f"change {self.batch.name}")
        hosts = read_world().get("hosts", {})
        outcomes = {}
        for name in self.batch.hosts:
            found = HostOutcome.from_json(hosts.get(name) or {"outcome": "changed"})
            outcomes[name] = found
            self.context.event(Outcome(host=name, result=found))
        reach(f"changed {self.batch.name}")
        told("changed", batch=self.batch.name)
        return outcomes

    def roll_back_all(self, why: str) -> Outcomes:
        """Bring the hosts back."""
        told("rollback", hosts=list(self.batch.hosts), why=why)
        back = HostOutcome(outcome="rolled back", message=why)
        return dict.fromkeys(self.batch.hosts, back)


def analyse_batch(_context: RunContext, fresh: list[str], *_samples: Any) -> Analysis:
    """The analysis that the world names; a pass where it names none."""
    told("analyse", hosts=list(fresh))
    reach("analyse")
    return Analysis.from_json({"outcome": "pass"} | read_world().get("analysis", {}))


def replace_the_outside() -> None:
    """Nothing here reaches a host, a git repository, a chat room or a metric."""
    from bunker.runs import accounts, batch_change, gates

    batch_change.BatchChange = MadeUpChange  # type: ignore[assignment,misc]
    gates.unhealthy = lambda _context, names: told("gate", hosts=list(names)) or ""
    gates.take_samples = lambda _context: {}
    gates.analyse_batch = analyse_batch  # type: ignore[assignment]
    gates.window_is_closed = lambda _context: str(read_world().get("window", ""))
    accounts.record_begin = lambda _context: told("begin")
    accounts.notify = lambda _context, summary: told("notify", state=summary.state)
    accounts.record_end = lambda _context, summary: told("end", state=summary.state)

    wait = RunContext.wait

    def noted(self: RunContext, until: float) -> None:
        told("wait", seconds=max(0.0, until - time.time()))
        wait(self, until)

    RunContext.wait = noted  # type: ignore[method-assign]


def begin() -> int:
    """Begin the run whose request is on standard input, as a command does after its plan."""
    from bunker.cli.command import run_guarded
    from bunker.cli.options import Options
    from bunker.journal.records import RunRequest
    from bunker.runs.control import execute

    request = RunRequest.from_json(json.loads(sys.stdin.read()))

    def body() -> int:
        with Options(json=True, yes=True).reporter() as reporter:
            return execute(WORLD, request, reporter)

    return run_guarded(body, Options(json=True), again="begin")


def main() -> None:
    """Dispatch."""
    os.environ["BUNKER_ROOT"] = str(WORLD)
    replace_the_outside()
    if sys.argv[2] == "begin":
        raise SystemExit(begin())
    from invoke.main import program

    program.run(["invoke", *sys.argv[2:]])


if __name__ == "__main__":
    main()
