"""A host with two instances is planned, and each has names, secrets and places of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bunker.fleet.models import Host
from bunker.worker.client import WorkerClient
from tests.fake.bare_host import COMMIT, RESPONSES, fake_host, fake_request
from tests.json_events import everything

ROOT = Path(__file__).parents[2]
INSTANCE = RESPONSES["'@@bunker engine'"]
OTHER = "d" * 40
ENTRY = {"kind": "changemaker", "environment": {"NGINX_HTTP_PORT": "8080"}}


def two_instances() -> Host:
    data = fake_host(1).model_dump(mode="json")
    return Host.model_validate(data | {"applications": {"staging": ENTRY}})


def planned(message: dict[str, Any]) -> dict[str, Any]:
    with WorkerClient(message, ROOT) as worker:
        events = everything(worker.events(until="ready"))
    assert [event for event in events if event["event"] == "failed"] == []
    return dict(next(event for event in events if event["event"] == "planned")["plan"])


def request(**more: Any) -> dict[str, Any]:
    message = fake_request([two_instances()])
    (item,) = message["hosts"]
    own = {f"STAGING__{key}": value[::-1] for key, value in item["secrets"].items()}
    item["secrets"] |= own
    item["commits"] |= {"staging": OTHER}
    ours = [row.replace("/opt/changemaker-lite", "/opt/staging") for row in INSTANCE]
    item["data"] |= {"fake_responses": {"DIRECTORY=/opt/staging": ours, **RESPONSES}, **more}
    return message


def test_both_are_planned_under_their_own_names() -> None:
    plan = planned(request())
    roles = list(dict.fromkeys(change["role"] for change in plan["changes"]))
    assert roles == ["base", "docker", "changemaker", "staging"]
    commits = {name: found["commit"] for name, found in plan["facts"]["applications"].items()}
    assert commits == {"changemaker": COMMIT, "staging": OTHER}


def test_each_is_laid_out_in_its_own_folder() -> None:
    changes = [change for change in planned(request())["changes"] if change["role"] == "staging"]
    text = "\n".join(line for change in changes for line in change["lines"])
    assert "/opt/staging/.env" in text
    assert "/home/deploy/.ssh/staging_known_hosts" in text
    assert "/opt/changemaker-lite" not in text


def test_a_change_of_one_leaves_the_other_alone() -> None:
    message = request(bunker_application="staging")
    roles = {change["role"] for change in planned(message | {"tags": "changemaker"})["changes"]}
    assert roles == {"staging"}
