"""What roles refuse is told together, before anything of the host is touched."""

from typing import Any

import pytest

from bunker.worker.client import WorkerClient
from tests.fake.bare_host import RESPONSES, fake_host, fake_request
from tests.fake.test_worker import ROOT, by_host
from tests.json_events import everything

INSTANCE = "'@@bunker engine'"


def planned(responses: dict[str, Any]) -> list[dict[str, Any]]:
    request = fake_request([fake_host(1)])
    request["hosts"][0]["data"]["fake_responses"] = responses
    with WorkerClient(request, ROOT) as worker:
        return everything(worker.events(until="ready"))


@pytest.fixture
def two_refusing_roles(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An unknown release, which base and docker refuse alike, and a file in the folder's place."""
    packages = [line.replace('"13"', '"9"') for line in RESPONSES["dpkg-query"]]
    folder = [line.replace("absent", "other") for line in RESPONSES[INSTANCE]]
    return {**RESPONSES, "dpkg-query": packages, INSTANCE: folder}


def test_the_problems_of_every_role_are_told_at_once(two_refusing_roles: dict[str, Any]) -> None:
    events = planned(two_refusing_roles)
    message = by_host(events, "failed")["host-001"]["message"]
    assert message.startswith("what has to be settled first (2):")
    assert "which is not supported" in message
    assert "is not a folder" in message
    assert not by_host(events, "planned")


def test_one_problem_is_one_sentence() -> None:
    packages = [line.replace('"13"', '"9"') for line in RESPONSES["dpkg-query"]]
    request = fake_request([fake_host(1)])
    request["tags"] = "base"
    request["hosts"][0]["data"]["fake_responses"] = {**RESPONSES, "dpkg-query": packages}
    with WorkerClient(request, ROOT) as worker:
        events = everything(worker.events(until="ready"))
    assert "settled" not in by_host(events, "failed")["host-001"]["message"]
