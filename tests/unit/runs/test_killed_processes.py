"""Runs whose process dies, is told to stop, or meets another one: on a real DBOS."""

from __future__ import annotations

import signal
import time
from dataclasses import replace

import pytest

from bunker.journal.ownership import is_owned
from tests.unit.runs.control_machine import RUN, ControlMachine, finish, request


def batches(machine: ControlMachine, what: str = "change") -> list[str]:
    """The batches whose change was begun, or ended."""
    return [row["batch"] for row in machine.told(what)]


def test_a_finished_batch_is_not_repeated_and_the_one_under_way_is(machine: ControlMachine) -> None:
    machine.world(die_at="change batch 1")
    killed = machine.begin(request(("a",), ("b",), ("c",)))
    assert killed.code == -signal.SIGKILL
    shown = machine.shown()
    assert (shown["state"], shown["hosts"]["a"]["outcome"]) == ("interrupted", "changed")

    resumed = machine.invoke("run.resume", RUN, "--json")
    assert resumed.code == 0, resumed.text
    assert batches(machine) == ["canary", "batch 1", "batch 1", "batch 2"]
    assert batches(machine, "changed") == ["canary", "batch 1", "batch 2"]
    assert len(machine.told("begin")) == 1
    assert machine.shown()["state"] == "done"


def test_a_batch_whose_end_was_not_written_down_is_looked_at_again(machine: ControlMachine) -> None:
    machine.world(die_at="changed canary")
    assert machine.begin(request(("a",), ("b",))).code == -signal.SIGKILL
    assert machine.invoke("run.resume", RUN).code == 0
    assert batches(machine) == ["canary", "canary", "batch 1"]


def test_a_soak_goes_on_where_its_time_is_although_the_process_was_killed(
    machine: ControlMachine,
) -> None:
    machine.world(die_at="analyse")
    killed = machine.begin(request(("a",), ("b",), soak_seconds=4))
    assert killed.code == -signal.SIGKILL
    (soak,) = killed.events("soak")
    waited = len(machine.told("wait"))
    while time.time() < soak["until"]:
        time.sleep(0.1)

    resumed = machine.invoke("run.resume", RUN, "--json")
    assert resumed.code == 0, resumed.text
    assert resumed.events("soak") == [], "it does not begin anew"
    again = machine.told("wait")[waited:]
    assert [row["seconds"] for row in again] == [0], "only the time that was left is waited for"
    assert batches(machine) == ["canary", "batch 1"]


def test_a_run_that_is_killed_at_its_question_asks_again(machine: ControlMachine) -> None:
    machine.world(window="closed")
    assert machine.begin(request(("a",), ("b",), canary=False)).code == 7
    for _ in range(2):
        assert machine.invoke("run.resume", RUN).code == 7
    assert machine.invoke("run.resume", RUN, "--stop").code == 3
    assert batches(machine) == ["batch 0"]
    assert machine.shown()["hosts"]["b"]["outcome"] == "not started"


def test_a_second_process_is_refused_while_the_first_lives(machine: ControlMachine) -> None:
    machine.world(wait_at="change canary")
    first = machine.start_run(request(("a",)))
    machine.wait_for("change canary")
    refused = machine.invoke("run.resume", RUN)
    assert refused.code == 5
    assert f"the run {RUN} is being executed by another process" in refused.stderr
    assert f"invoke run.watch {RUN}" in refused.stderr
    assert machine.shown()["state"] == "running"
    machine.world()
    assert finish(first).code == 0
    assert batches(machine) == ["canary"]


def test_looking_at_a_run_again_and_again_never_keeps_it_from_being_resumed(
    machine: ControlMachine,
) -> None:
    machine.world(die_at="change canary")
    machine.begin(request(("a",)))
    resumed = machine.start("run.resume", RUN)
    while resumed.poll() is None:
        is_owned(machine.root, RUN)
        time.sleep(0.01)
    assert finish(resumed).code == 0


def test_a_run_that_is_told_to_stop_waits_and_says_how_to_go_on(machine: ControlMachine) -> None:
    machine.world()
    running = machine.start_run(request(("a",), ("b",), soak_seconds=600))
    assert running.stdout is not None
    for line in running.stdout:
        if '"soak"' in line:
            break
    running.send_signal(signal.SIGINT)
    ran = finish(running)
    assert ran.code == 130
    assert f"invoke run.resume {RUN}" in ran.stderr
    assert machine.shown()["state"] == "interrupted"


def test_a_cancelled_run_finishes_the_batch_that_has_begun_and_begins_no_other(
    machine: ControlMachine,
) -> None:
    machine.world(wait_at="change canary")
    running = machine.start_run(request(("a",), ("b",)))
    machine.wait_for("change canary")
    cancelled = machine.invoke("run.cancel", RUN, "--yes")
    assert cancelled.code == 0, cancelled.text
    time.sleep(1)
    assert running.poll() is None, "the batch is still under way"
    machine.world()
    ran = finish(running)
    assert ran.code == 3, ran.text
    assert batches(machine) == batches(machine, "changed") == ["canary"]
    shown = machine.shown()
    assert shown["state"] == "cancelled"
    outcomes = {name: found["outcome"] for name, found in shown["hosts"].items()}
    assert outcomes == {"a": "changed", "b": "not started"}
    assert machine.invoke("run.resume", RUN).code == 1


def test_a_soak_ends_when_its_run_is_cancelled(machine: ControlMachine) -> None:
    machine.world(wait_at="analyse")
    running = machine.start_run(request(("a",), ("b",), soak_seconds=24))
    machine.wait_for("analyse")
    machine.invoke("run.cancel", RUN, "--yes")
    machine.world()
    assert finish(running).code == 3
    assert len(machine.told("analyse")) == 1
    assert machine.shown()["state"] == "cancelled"


def test_a_run_whose_process_died_is_cancelled_at_once(machine: ControlMachine) -> None:
    machine.world(die_at="change canary")
    machine.begin(request(("a",), ("b",)))
    assert machine.invoke("run.cancel", RUN, "--yes").code == 0
    assert machine.shown()["state"] == "cancelled"
    assert machine.invoke("run.resume", RUN).code == 1


def test_a_run_is_found_by_how_its_id_begins_or_ends(machine: ControlMachine) -> None:
    machine.begin(request(("a",)))
    machine.begin(request(("a",), run="20261121T140500-77c1"))
    assert machine.shown("3f2a")["run"] == RUN
    assert machine.shown("20261121T1405")["run"] == "20261121T140500-77c1"
    many = machine.invoke("run.show", "20261121")
    assert (many.code, "2 runs are called so" in many.stderr) == (1, True)
    none = machine.invoke("run.show", "nothing")
    assert "there is no run nothing" in none.stderr
    listed = machine.invoke("run.list")
    assert RUN in listed.stdout


APPROVAL = {"id": "f" * 32, "digest": "d" * 64, "approver": "bob@example.org"}


@pytest.mark.promise("An approval covers exactly one run")
def test_an_approval_is_used_by_one_run_and_its_resume_is_no_second_use(
    machine: ControlMachine,
) -> None:
    machine.world(die_at="change batch 1")
    first = request(("a",), ("b",), approval=APPROVAL)
    assert machine.begin(first).code == -signal.SIGKILL
    second = machine.begin(replace(first, run="20261121T150000-4f3b"))
    assert second.code == 1
    assert f"the approval by bob@example.org: it was used already, for the run {RUN}" in second.text
    assert f"invoke run.resume {RUN}" in second.text
    assert machine.invoke("run.resume", RUN).code == 0
    assert machine.begin(replace(first, run="20261121T160000-5f3b")).code == 1
    other = replace(first, run="20261121T170000-6f3b", approval={**APPROVAL, "id": "e" * 32})
    assert machine.begin(other).code == 0
    assert batches(machine) == ["canary", "batch 1", "batch 1", "canary", "batch 1"]


@pytest.mark.promise("An approval covers exactly one run")
def test_of_runs_that_begin_at_once_with_one_approval_only_one_begins(
    machine: ControlMachine,
) -> None:
    names = [f"20261121T14000{number}-3f2a" for number in range(4)]
    wanted = [request(("a",), canary=False, run=name, approval=APPROVAL) for name in names]
    done = [finish(process) for process in [machine.start_run(one) for one in wanted]]
    assert sorted(ran.code for ran in done) == [0, 1, 1, 1], [ran.text for ran in done]
    assert all("it was used already" in ran.text for ran in done if ran.code)
    assert len(machine.told("change")) == 1
