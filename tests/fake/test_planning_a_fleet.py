"""Planning bare hosts over the fake connector: remote commands counted, order of steps, scale."""

from pathlib import Path

from bunker.worker.client import WorkerClient
from tests.fake.bare_host import COMMIT, fake_host, fake_request
from tests.json_events import everything

ROOT = Path(__file__).parents[2]
MAX_COMMANDS_TO_PLAN = 7


def test_a_bare_host_is_planned_with_a_handful_of_commands() -> None:
    with WorkerClient(fake_request([fake_host(1)]), ROOT) as worker:
        events = everything(worker.events(until="ready"))
    assert [event for event in events if event["event"] == "failed"] == []
    (planned,) = [event for event in events if event["event"] == "planned"]
    assert planned["commands"] <= MAX_COMMANDS_TO_PLAN
    roles = list(dict.fromkeys(change["role"] for change in planned["plan"]["changes"]))
    assert roles == ["base", "docker", "changemaker"]
    assert planned["plan"]["facts"]["applications"]["changemaker"]["commit"] == COMMIT


def test_fifty_hosts_plan_alike_and_apart() -> None:
    hosts = [fake_host(number) for number in range(50)]
    with WorkerClient(fake_request(hosts), ROOT) as worker:
        events = everything(worker.events(until="ready"))
    planned = {event["host"]: event for event in events if event["event"] == "planned"}
    assert planned.keys() == {host.name for host in hosts}
    counts = {event["commands"] for event in planned.values()}
    assert len(counts) == 1
    # Domains differ, so no two hosts want the same.
    assert len({event["plan"]["wanted"] for event in planned.values()}) == 50


def test_a_host_that_answers_at_once_does_not_disturb_a_slow_one() -> None:
    message = fake_request([fake_host(number) for number in range(4)])
    for number, item in enumerate(message["hosts"]):
        item["data"]["fake_delay"] = 0.2 * number
    with WorkerClient(message, ROOT) as worker:
        events = everything(worker.events(until="ready"))
    assert [event["message"] for event in events if event["event"] == "failed"] == []
    assert len([event for event in events if event["event"] == "planned"]) == 4
