"""Runs whose controller is killed with `kill -9`, again and again, and taken up each time."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.fleet_under_test import FleetUnderTest, Ran

MOST_DEATHS = 40
"""A run that needs more than this gets nowhere."""

DEADMAN_TIMER = "/etc/systemd/system/bunker-deadman-changemaker.timer"

LEFTOVERS = """
ls -d /var/lib/bunker/apps/*/upgrade* /var/lib/bunker/maintenance.json /var/lib/bunker/stage/* \
  /run/bunker/lease.json /run/bunker/probe* /etc/systemd/system/bunker-deadman* 2>/dev/null
systemctl list-units --all --no-legend --plain 'bunker-deadman*' 'bunker-probe*'
systemctl --failed --no-legend --plain
docker ps -a --format '{{.Names}}' | grep -e bridge
docker ps -aq --filter label=com.docker.compose.oneoff=True
proxy=$(docker ps -q --filter label=com.docker.compose.service=nginx)
pid=$(docker inspect --format '{{.State.Pid}}' "$proxy")
nsenter -t "$pid" -n iptables -t nat -S | grep BUNKER
true
"""
"""Everything that a change has on a host only while it is under way."""


def point_of(event: dict[str, Any]) -> str:
    """The name of the moment that an event tells of; empty for those that are no moment."""
    match event["event"]:
        case "step" if event["status"] == "started":
            return f"{event['host']}: {event['name']}"
        case "outcome":
            return f"{event['host']}: outcome"
        case "batch":
            return str(event["name"])
        case "begin" | "soak" | "judgement" | "gate" | "rollback":
            return str(event["event"])
    return ""


@dataclass
class KilledRun:
    """One run that is killed at every moment that is wanted, once at each, until none is new.

    Where a worker outran its controller's death in a short step, the next step was no moment of
    its own; ``at_least`` makes up for that at the outcome of a host.
    """

    fleet: FleetUnderTest
    wanted: Callable[[str], bool] = lambda _point: True
    at_least: int = 0
    run: str = ""
    points: list[str] = field(default_factory=list)
    """Where it was killed."""

    def through(self, *words: str) -> Ran:
        """Begin it, resume it after every death, and return the command that ended by itself."""
        ended = self._execute(*words, "--yes", "--json")
        while ended is None:
            assert len(self.points) < MOST_DEATHS, self.points
            self.assert_interrupted()
            ended = self._execute("run.resume", self.run, "--json")
        return ended

    def assert_interrupted(self) -> None:
        """`run.list` says that the run can be taken up."""
        newest = self.listed()
        assert (newest["run"], newest["state"]) == (self.run, "interrupted"), self.points[-1]

    def listed(self) -> dict[str, Any]:
        """The newest run as `run.list` has it."""
        rows = json.loads(self.fleet.invoke("run.list", "--limit", "1", "--json").stdout)
        return dict((rows["runs"] if isinstance(rows, dict) else rows)[0])

    def _is_due(self, point: str) -> bool:
        again = point.endswith(": outcome") and len(self.points) < self.at_least
        return point not in self.points or again

    def _execute(self, *words: str) -> Ran | None:
        """One process of the run; None where it was killed."""
        process = self.fleet.start(*words)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            event = json.loads(line)
            if event["event"] == "begin":
                self.run = event["run"]
            point = point_of(event)
            if point and self._is_due(point) and self.wanted(point):
                kill(process)
                self.points.append(point)
                return None
        _, stderr = process.communicate()
        return Ran(process.returncode, "".join(lines), stderr)


def kill(controller: subprocess.Popen[str], seconds: float = 180) -> None:
    """`kill -9` of the command alone; its worker ends by itself, after the step that it is in."""
    children = children_of(controller.pid)
    controller.kill()
    controller.communicate(timeout=seconds)
    end = time.monotonic() + seconds
    while any(is_alive(child) for child in children):
        assert time.monotonic() < end, "the worker does not notice that its controller has died"
        time.sleep(0.05)


def children_of(process: int) -> list[int]:
    """The processes that a process has started: its worker, and `ssh` for leases."""
    found = []
    for path in Path("/proc", str(process), "task").glob("*/children"):
        found += [int(word) for word in path.read_text().split()]
    return found


def is_alive(process: int) -> bool:
    """Whether a process still runs; one that nobody has waited for yet does not."""
    try:
        stat = Path("/proc", str(process), "stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def generations(fleet: FleetUnderTest, host: str) -> list[dict[str, Any]]:
    """What the host recorded, the oldest first."""
    rows = fleet.on(host, "cat /var/lib/bunker/apps/changemaker/generations/*.json")
    return [json.loads(row) for row in rows.splitlines()]


def version(fleet: FleetUnderTest, host: str) -> str:
    """What the API says it is."""
    ask = "curl -s --retry 30 --retry-delay 1 --retry-all-errors http://127.0.0.1/api/health"
    return str(json.loads(fleet.on(host, ask))["version"])


def assert_nothing_left(fleet: FleetUnderTest, host: str) -> None:
    """No bridge, no dead-man's switch, no lease and no maintenance."""
    left = fleet.on(host, LEFTOVERS)
    assert left == "", left


def assert_rolled_back_once(fleet: FleetUnderTest, points: set[str], *how: str) -> None:
    """A version that crashes is rolled back once, though its rollout is killed at these points."""
    before = version(fleet, "north")
    killed = KilledRun(fleet, points.__contains__)
    ended = killed.through("rollout", "--host", "north", *how, "--ref", "v2.2.0-crash")
    assert set(killed.points) == points
    assert ended.code == 4, ended.text
    listed = killed.listed()
    assert listed["state"] == "rolled back"
    assert listed["hosts"]["north"]["outcome"] == "rolled back"
    back = [one["rollback_of"] for one in generations(fleet, "north") if "rollback_of" in one]
    assert back == [killed.run]
    assert version(fleet, "north") == before
    assert_nothing_left(fleet, "north")


def without_run_ids(state: dict[str, str]) -> dict[str, str]:
    """A host's state, with runs named alike: snapshots bear the name of theirs."""
    return {part: re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{4}", "RUN", text) for part, text in state.items()}


def until_step(process: subprocess.Popen[str], step: str) -> str:
    """Read a command's events until a step has begun; the id of its run."""
    assert process.stdout is not None
    run = ""
    for line in process.stdout:
        event = json.loads(line)
        run = event["run"] if event["event"] == "begin" else run
        if event["event"] == "step" and event["name"] == step:
            return run
    raise AssertionError(f"it ended before step {step!r}")


def cut_connections(fleet: FleetUnderTest, host: str) -> None:
    """End every login of the operator on a host, as a firewall that forgets connections does."""
    fleet.console(host, f"pkill -KILL -f '^sshd[^ ]*: {fleet.state.host(host).user}'")


def disarmed(fleet: FleetUnderTest, host: str, seconds: int = 300) -> None:
    """Wait until a host's dead-man's switch has gone, by whatever it did."""
    fleet.console(
        host,
        f"for i in $(seq {seconds}); do [ -e {DEADMAN_TIMER} ] || exit 0;"
        " sleep 1; done; journalctl -u 'bunker-deadman*' --no-pager -n 60; exit 1",
    )
