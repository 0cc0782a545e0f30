"""A batch of hosts with and without an application: each is planned for what its roles say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bunker.fleet.models import Host
from bunker.worker.client import WorkerClient
from tests.fake.bare_host import fake_host, fake_request
from tests.json_events import everything

ROOT = Path(__file__).parents[2]


def a_host(name: str, number: int, **more: Any) -> Host:
    return Host(name=name, address=f"192.0.2.{number}", domain=f"{name}.example.org", **more)


PLAIN = a_host("plain", 1, groups=("base",))
WATCHED = a_host("watched", 2, roles={"earlyoom": True})
INSTANCE = fake_host(1)


def test_a_mixed_batch_is_planned_and_applied_by_each_hosts_roles() -> None:
    message = fake_request([INSTANCE, PLAIN, WATCHED])
    for item in message["hosts"][1:]:
        item |= {"secrets": {}, "commits": {}}
    with WorkerClient(message, ROOT) as worker:
        events = everything(worker.events(until="ready"))
        worker.apply(["plain", "watched"])
        applied = everything(worker.events(until="done"))
    planned = {event["host"]: event["plan"] for event in events if event["event"] == "planned"}
    roles = {
        host: list(dict.fromkeys(change["role"] for change in plan["changes"]))
        for host, plan in planned.items()
    }
    assert roles == {
        INSTANCE.name: ["base", "docker", "changemaker"],
        "plain": ["base"],
        "watched": ["base", "earlyoom"],
    }
    ended = {event["host"]: event["outcome"] for event in applied if event["event"] == "host"}
    assert ended == {"plain": "changed", "watched": "changed"}
