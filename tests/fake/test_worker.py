"""The worker over pyinfra's fake hosts: order, isolation, counting, interruption, masking."""

import time
from pathlib import Path
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.worker.client import WorkerClient
from tests.json_events import everything, stream

ROOT = Path(__file__).parents[2]
CANARY = "canary-7f3a9c51e2"


def request(
    *names: str, deploy: str = "three_steps", data: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "run_id": "test",
        "deploy": f"tests.fake.fake_roles:{deploy}",
        "fingerprint_key": "00" * 32,
        "hosts": [
            {
                "name": name,
                "connector": "@fake",
                "data": {"fake_delay": 0, "fake_delay_jitter": 0, **(data or {})},
                "secrets": {"REDIS_PASSWORD": CANARY},
            }
            for name in names
        ],
        **more,
    }


def run(message: dict[str, Any], apply: list[str] | None = None) -> list[dict[str, Any]]:
    with WorkerClient(message, ROOT) as worker:
        events = everything(worker.events(until="ready"))
        if apply is not None:
            worker.apply(apply)
            events += everything(worker.events(until="done"))
    return events


def by_host(events: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {event["host"]: event for event in events if event["event"] == kind}


@pytest.mark.promise("Nothing happens before you have seen it")
def test_a_plan_alone_runs_no_step() -> None:
    events = run(request("north"))
    planned = by_host(events, "planned")["north"]
    assert [change["summary"] for change in planned["plan"]["changes"]] == ["a thing is made"]
    assert planned["commands"] == 0
    assert not by_host(events, "step")


def test_steps_run_in_order_and_are_counted() -> None:
    events = run(request("north"), apply=["north"])
    steps = [(e["name"], e["status"]) for e in events if e["event"] == "step"]
    assert steps == [
        (f"test: {word}", status)
        for word in ("first", "second", "third")
        for status in ("started", "ok")
    ]
    end = by_host(events, "host")["north"]
    assert (end["outcome"], end["commands"]) == ("changed", 3)


def test_a_broken_role_fails_its_own_host_only() -> None:
    events = run(request("broken-role", "north", "nothing-to-do"), apply=["north"])
    assert "this role is broken" in by_host(events, "failed")["broken-role"]["message"]
    assert by_host(events, "planned").keys() == {"north", "nothing-to-do"}
    assert by_host(events, "host")["north"]["outcome"] == "changed"


@pytest.mark.promise("A server that fails does not stop the others")
def test_an_unreachable_host_is_told_apart_and_stops_nobody() -> None:
    message = request("north")
    closed = {"ssh_hostname": "127.0.0.1", "ssh_port": 1, "ssh_connect_retries": 0}
    message["hosts"].append({"name": "gone", "data": closed, "secrets": {}})
    events = run(message, apply=["north"])
    assert by_host(events, "unreachable").keys() == {"gone"}
    assert by_host(events, "host")["north"]["outcome"] == "changed"


def test_a_failed_step_ends_its_host_and_carries_the_last_lines() -> None:
    answers = {"echo second": {"success": False, "stderr": ["no space left on device"]}}
    message = request("north", "east")
    message["hosts"][0]["data"]["fake_responses"] = answers
    events = run(message, apply=["north", "east"])
    failed = [e for e in events if e["event"] == "step" and e["status"] == "failed"]
    assert [(e["host"], e["name"], e["output"]) for e in failed] == [
        ("north", "test: second", ["no space left on device"])
    ]
    ends = by_host(events, "host")
    assert ends["north"]["outcome"] == "failed"
    assert ends["north"]["message"] == "step 2 of 3 failed: test: second"
    assert ends["east"]["outcome"] == "changed"


@pytest.mark.promise("Nothing happens before you have seen it")
def test_only_the_hosts_that_were_confirmed_are_changed() -> None:
    events = run(request("north", "east"), apply=["east"])
    assert by_host(events, "host").keys() == {"east"}


def test_secrets_are_masked_in_every_event_at_every_verbosity() -> None:
    answers = {"leak": {"success": False, "stdout": [f"echo {CANARY}"]}}
    message = request("north", deploy="leaky", data={"fake_responses": answers}, verbose=True)
    events = run(message | {"debug": True}, apply=["north"])
    assert any(event["event"] == "log" for event in events)
    assert "••••" in str(events)
    assert CANARY not in str(events)


def test_stop_lets_the_running_step_finish_and_starts_no_other() -> None:
    message = request("north", data={"fake_delay": 0.3})
    with WorkerClient(message, ROOT) as worker:
        everything(worker.events(until="ready"))
        worker.apply(["north"])
        events = []
        for event in stream(worker.events(until="done")):
            events.append(event)
            if event["event"] == "step" and event["number"] == 1 and event["status"] == "started":
                worker.stop()
    done = [event["name"] for event in events if event["event"] == "step"]
    assert done == ["test: first", "test: first"]
    assert by_host(events, "host")["north"]["outcome"] == "interrupted"


def test_a_worker_that_dies_is_an_error_with_the_next_step() -> None:
    with WorkerClient(request("north", data={"fake_delay": 5}), ROOT) as worker:
        everything(worker.events(until="ready"))
        worker.apply(["north"])
        with pytest.raises(BunkerError, match=r"ended unexpectedly.*same command again"):
            for _event in stream(worker.events(until="done")):
                worker.kill()


def test_hosts_are_worked_on_side_by_side() -> None:
    names = [f"host-{number}" for number in range(20)]
    message = request(*names, data={"fake_delay": 0.1})
    with WorkerClient(message, ROOT) as worker:
        everything(worker.events(until="ready"))
        worker.apply(names)
        started = time.monotonic()
        events = everything(worker.events(until="done"))
    # Three steps of 0.1 s on 20 hosts are 6 s one after the other.
    assert time.monotonic() - started < 3
    assert len(by_host(events, "host")) == 20
