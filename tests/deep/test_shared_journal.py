"""Two control machines share one run database: both see every run, one at a time executes it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.lab.fleet_under_test import FleetUnderTest, Ran
from tests.lab.host_state import started
from tests.lab.shared_journal import ControlMachine, postgres

pytestmark = pytest.mark.lab

Two = tuple[ControlMachine, ControlMachine]
FIRST_STEP = "changemaker: fetch the code"


@pytest.fixture
def journal(north: FleetUnderTest, tmp_path: Path) -> Iterator[str]:
    """An empty run database."""
    with postgres(north, tmp_path) as url:
        yield url


@pytest.fixture
def machines(north: FleetUnderTest, journal: str, tmp_path: Path) -> Two:
    """Two control machines with the same inventory and keys."""
    return (
        ControlMachine(north, tmp_path / "anna", journal),
        ControlMachine(north, tmp_path / "bert", journal),
    )


def until_step(controller: subprocess.Popen[str], name: str) -> list[str]:
    """Read a command's events until a step has begun; the lines so far."""
    assert controller.stdout is not None
    lines = []
    for line in controller.stdout:
        lines.append(line)
        event = json.loads(line)
        if event.get("event") == "step" and event["name"] == name:
            return lines
    raise AssertionError(f"it ended before {name!r}: {lines}")


def ended(controller: subprocess.Popen[str]) -> Ran:
    """A command's end."""
    stdout, stderr = controller.communicate(timeout=600)
    return Ran(controller.returncode, stdout, stderr)


def newest(machine: ControlMachine) -> dict[str, object]:
    """The newest run."""
    rows = json.loads(machine.invoke("run.list", "--limit", "1", "--json").stdout)
    found: dict[str, object] = (rows["runs"] if isinstance(rows, dict) else rows)[0]
    return found


def test_a_run_of_a_machine_that_died_is_resumed_by_another(machines: Two, journal: str) -> None:
    anna, bert = machines
    said = [bert.invoke("run.list", expect=1).text]
    assert "there are no runs yet" in said[0]

    running = anna.start("upgrade", "--host", "north", "--ref", "v2.1.0", "--yes", "--json")
    said += until_step(running, FIRST_STEP)
    listed = newest(bert)
    run = str(listed["run"])
    assert listed["state"] == "running"
    watching = bert.start("run.watch", run, "--json")
    said += until_step(watching, FIRST_STEP)
    refused = bert.invoke("run.resume", run, expect=5)
    assert f"the run {run} is being executed by another process" in refused.text

    anna.kill(running)
    said.append(ended(running).text)
    watched = ended(watching)
    assert f"the run {run} is interrupted" in watched.text
    assert newest(bert)["state"] == "interrupted"

    resumed = bert.invoke("run.resume", run, "--json")
    assert [event["state"] for event in resumed.events("end")] == ["done"]
    there = newest(anna)
    assert (there["run"], there["state"]) == (run, "done")
    health = json.loads(bert.on("north", "curl -s --retry 9 http://127.0.0.1/api/health"))
    assert health["version"] == "2.1.0"
    shown = anna.invoke("run.show", run)
    said += [refused.text, watched.text, resumed.text, shown.text]
    password = urlsplit(journal).password
    assert password
    assert password not in "".join(said)


@pytest.mark.promise("Two changes of one server never mix")
def test_two_runs_begun_at_once_on_one_host_leave_it_to_exactly_one(machines: Two) -> None:
    anna, bert = machines
    before = started(anna, "north")
    for machine in machines:
        machine.configure("north", {"features": {"sms": True}})
    words = ("configure", "--host", "north", "--yes", "--json")
    # Both plan the same change; whoever comes second finds a lease.
    both = [machine.start(*words) for machine in machines]
    one, other = sorted((ended(process) for process in both), key=lambda ran: ran.code)
    assert (one.code, other.code) == (0, 5), one.text + other.text
    (holder,) = one.events("begin")
    (refused,) = other.events("outcome")
    assert refused["locked"]
    assert f"for run {holder['run']} (configure)" in refused["message"]
    after = started(anna, "north")
    assert {name for name in after if after[name] != before[name]} == {"api"}
    assert len(json.loads(bert.invoke("run.list", "--json").stdout)) == 2
