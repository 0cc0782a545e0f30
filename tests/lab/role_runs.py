"""Applying one role to a lab host through a worker, past the command line and its journal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bunker.runs.work import Work
from bunker.worker.client import WorkerClient
from bunker.workflows.request import DeployRequest, new_run_id, select_targets, worker_request
from tests.json_events import stream
from tests.lab.fleet_under_test import NAME, FleetUnderTest

WHOLE_HOST = "deploys.whole_host:whole_host"
ROLLBACK = "deploys.rollback:rollback"


@dataclass
class RoleRun:
    """What a worker said of one host."""

    run: str
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """How it ended: ``changed``, ``failed``, … or ``killed``."""
        ends = [event["outcome"] for event in self.events if event["event"] == "host"]
        return str(ends[-1]) if ends else "killed"

    @property
    def plan(self) -> dict[str, Any]:
        """What it planned; empty where it could not."""
        plans = [event["plan"] for event in self.events if event["event"] == "planned"]
        return dict(plans[-1]) if plans else {}

    @property
    def steps(self) -> list[str]:
        """What was begun, in order."""
        events = [event for event in self.events if event["event"] == "step"]
        return [event["name"] for event in events if event["status"] == "started"]

    @property
    def facts(self) -> dict[str, Any]:
        """What the plan found out."""
        return dict(self.plan["facts"]["applications"]["changemaker"])

    @property
    def refusal(self) -> str:
        """Why nothing was planned."""
        return " ".join(event["message"] for event in self.events if event["event"] == "failed")

    @property
    def output(self) -> str:
        """What the steps printed, with their names."""
        steps = [event for event in self.events if event["event"] == "step" and "output" in event]
        return "\n".join(f"[{step['name']}] {chr(10).join(step['output'])}" for step in steps)


@contextmanager
def _environment(fleet: FleetUnderTest) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(fleet.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run_role(
    fleet: FleetUnderTest,
    role: str = WHOLE_HOST,
    *,
    name: str = "north",
    ref: str | None = None,
    data: Mapping[str, Any] | None = None,
    run: str = "",
    plan_only: bool = False,
    kill_at: str = "",
    when: Callable[[], None] = lambda: None,
) -> RoleRun:
    """Plan and apply a role to one host; ``kill_at`` kills the worker when that step has begun.

    ``when`` is called before the kill.
    """
    work = Work(role, data or {}, ref=ref, secrets=role == ROLLBACK)
    request = DeployRequest(root=fleet.root, fleet_name=NAME, hosts=(name,), work=work)
    result = RoleRun(run or new_run_id())
    with _environment(fleet):
        loaded, targets = select_targets(request)
        message = worker_request(request, loaded, targets, result.run)
        with WorkerClient(message, cwd=fleet.root) as worker:
            result.events += stream(worker.events(until="ready"))
            if plan_only or not result.plan.get("changes"):
                return result
            worker.apply([name])
            for event in stream(worker.events(until="done")):
                result.events.append(event)
                if kill_at and event.get("name") == kill_at:
                    when()
                    worker.kill()
                    break
    return result
