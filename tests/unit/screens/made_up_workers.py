"""The real commands and runs, over workers that are made up: what they say is in `world.json`.

`python -m tests.unit.screens.made_up_workers ROOT WORDS…` is `invoke WORDS…` for the fleet in ROOT.
The world has ``plans`` by host (or the sentence why there is none), ``steps`` as titles with their
seconds, ``fails`` by host: the title of the step that fails and what it prints; and ``back``, the
plan of a rollback.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError
from bunker.events import (
    Connected,
    Done,
    Event,
    HostEnded,
    PlanFailed,
    Planned,
    Ready,
    Step,
    Unreachable,
)
from bunker.fleet import Fleet, load_fleet
from bunker.plan.changes import HostPlan
from bunker.runs.work import ROLLBACK
from bunker.workflows.request import DeployRequest, Target
from tests.unit.runs import made_up_hosts as outside

BACK = {
    "changes": [
        {"role": "changemaker", "subject": "checkout", "symbol": "~", "summary": "back to #8"}
    ],
    "facts": {"applications": {"changemaker": {"generation_to": 8, "ref_to": "v2"}}},
}


class Worker:
    """Stands for WorkerClient: each host does the same steps, all at the same time."""

    def __init__(self, message: Mapping[str, Any], cwd: object = None) -> None:
        self.hosts: list[str] = message["hosts"]
        self.rolls_back: bool = message["role"] == ROLLBACK
        self.chosen: list[str] = []
        self.stopping = self.killed = False

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_raised: object) -> None: ...

    def events(self, until: str) -> Iterator[Event]:
        yield from self._plans() if until == "ready" else self._steps()

    def apply(self, hosts: list[str]) -> None:
        self.chosen = hosts

    def stop(self) -> None:
        self.stopping = True

    def kill(self) -> None:
        self.killed = True

    def _plans(self) -> Iterator[Event]:
        world = outside.read_world()
        for host in self.hosts:
            plan = world.get("back", BACK) if self.rolls_back else world["plans"][host]
            made = {"host": host, "changes": [], "observed": "o", "wanted": "w"}
            time.sleep(world.get("planning", 0))
            if isinstance(plan, str):
                yield Unreachable(host=host, message=plan)
                continue
            yield Connected(host=host)
            if problem := plan.get("failed"):
                empty = HostPlan.from_json(made)
                parts = BunkerError(problem).to_json()
                yield PlanFailed(
                    host=host, plan=empty, commands=3, message=problem, problems=(parts,)
                )
            else:
                yield Planned(host=host, plan=HostPlan.from_json(made | plan), commands=3)
        yield Ready()

    def _steps(self) -> Iterator[Event]:
        world = outside.read_world()
        steps = [["changemaker: bring up services", 0]] if self.rolls_back else world["steps"]
        fails = {} if self.rolls_back else world.get("fails", {})
        ended: set[str] = set()
        for number, (title, seconds) in enumerate(steps, 1):
            going = [host for host in self.chosen if host not in ended]
            if self.stopping or self.killed:
                break
            begun = {"name": title, "number": number, "of": len(steps)}
            yield from (Step(host=host, status="started", **begun) for host in going)
            self._wait(seconds)
            if self.killed:
                raise BunkerError("the worker process ended unexpectedly")
            for host in going:
                failing, output = fails.get(host, ("", []))
                status = "failed" if failing == title else "ok"
                more = {"seconds": float(seconds), "output": tuple(output * (status == "failed"))}
                yield Step(host=host, status=status, **begun, **more)
                if status == "failed":
                    ended.add(host)
                    why = f"step {number} of {len(steps)} failed: {title}"
                    yield HostEnded(host=host, outcome="failed", message=why, commands=9)
        left = "interrupted" if self.stopping else "changed"
        for host in (host for host in self.chosen if host not in ended):
            yield HostEnded(host=host, outcome=left, message="", commands=20)
        yield Done()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.killed:
            time.sleep(0.05)


class Leases:
    """Stands for HostLeases: every host is free."""

    def __init__(self, remotes: list[Any], **_more: Any) -> None:
        self.held = {remote.host.name for remote in remotes}
        self.lost: set[str] = set()
        self.refused: dict[str, Any] = {}
        self.unreachable: dict[str, Any] = {}

    def __enter__(self) -> Leases:
        return self

    def __exit__(self, *_raised: object) -> None: ...


def fleet_of(root: Path, name: str) -> Fleet:
    """The fleet, whose hosts have no secrets."""
    return load_fleet(root, name, partial=True, require_secrets=False)


def select_targets(request: DeployRequest) -> tuple[Fleet, list[Target]]:
    """The chosen hosts without their secrets, and without asking a git server."""
    fleet = fleet_of(request.root, request.fleet_name)
    chosen = fleet.select(hosts=request.hosts, groups=request.groups, tags=request.tags)
    return fleet, [Target(host, {}) for host in chosen]


def worker_request(
    request: DeployRequest, _fleet: Fleet, targets: list[Target], _run: str, **_more: Any
) -> dict[str, Any]:
    """What a made-up worker has to know."""
    return {"role": request.work.role, "hosts": [target.host.name for target in targets]}


def replace_the_outside() -> None:
    """No host, git server, chat room or metric is reached but by `ssh`, which is a stand-in."""
    from bunker.runs import accounts, batch_change, context, gates, start

    change, unhealthy = batch_change.BatchChange, gates.unhealthy
    outside.replace_the_outside()
    batch_change.BatchChange = change  # type: ignore[misc]
    gates.unhealthy = unhealthy
    accounts.record_hosts = lambda *_more: None
    for module in (start, batch_change):
        module.WorkerClient = Worker  # type: ignore[attr-defined,assignment]
        module.select_targets = select_targets  # type: ignore[attr-defined]
        module.worker_request = worker_request  # type: ignore[attr-defined]
    context.RunContext.load_fleet = lambda self: fleet_of(  # type: ignore[method-assign]
        self.root, self.request.fleet
    )
    batch_change.HostLeases = Leases  # type: ignore[misc,assignment]
    batch_change.moved = lambda *_more: {}  # type: ignore[assignment]


def main() -> None:
    """Dispatch."""
    os.environ["BUNKER_ROOT"] = str(outside.WORLD)
    replace_the_outside()
    from invoke.main import program

    sys.argv = ["invoke", *sys.argv[2:]]
    program.run(["invoke", *sys.argv[1:]])


if __name__ == "__main__":
    main()
