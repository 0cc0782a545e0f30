"""A plan asks Compose what changed files do to the services: once, and only where files differ."""

from __future__ import annotations

from typing import Any

import pytest

from bunker.worker.client import WorkerClient
from tests.fake.bare_host import COMMIT, RESPONSES, fake_host, fake_request
from tests.fake.test_downgrade_by_deploy import INSTANCE, running
from tests.fake.test_worker import ROOT, by_host
from tests.json_events import everything

ASKED = "'@@bunker before'"
HASHES = ["@@bunker before", "api a1", "redis r1", "@@bunker containers", "api|a1||private "]
ANSWER = [
    *(*HASHES, "redis|r1||private ", "n8n|n1||private ", "@@bunker after", "api a2", "redis r1"),
    *("newt n1", "@@bunker project", "known api", "known redis", "known newt", "@@bunker end"),
]
REFUSED = [*HASHES, "@@bunker refused", "services.api is no mapping", "@@bunker end"]


def deployed(*, head: str = COMMIT) -> list[str]:
    """An instance at that commit, whose files are not (or not yet) ours."""
    rows = [head if row == "d" * 40 else row for row in running(older=False)]
    rows.insert(rows.index("@@bunker engine") + 1, "28.0")
    at = rows.index("@@bunker containers")
    rows[at + 1 : at + 1] = [f"{name}|running|healthy|0|-|{name}-1|Up" for name in ("api", "redis")]
    rows[at:at] = ["@@bunker services", "api", "redis"]
    return rows


def planned(instance: list[str], answer: Any) -> dict[str, Any]:
    request = fake_request([fake_host(1)])
    request["hosts"][0]["data"]["fake_responses"] = {ASKED: answer, **RESPONSES, INSTANCE: instance}
    request["tags"] = "changemaker"
    with WorkerClient(request, ROOT) as worker:
        events = everything(worker.events(until="ready"))
    return (by_host(events, "planned") or by_host(events, "failed"))["host-001"]


def test_changed_files_cost_one_command_more_and_name_what_compose_makes_anew() -> None:
    found = planned(deployed(), ANSWER)
    changes = {change["subject"]: change for change in found["plan"]["changes"]}
    assert changes["configuration"]["restarts"] == ["api"]
    assert changes["newt"]["summary"] == "newt is new; brought up"
    assert changes["n8n"]["summary"] == "n8n is no service any more; removed"
    bare = planned(RESPONSES[INSTANCE], ANSWER)
    assert "configuration" in {change["subject"] for change in bare["plan"]["changes"]}
    assert found["commands"] == bare["commands"] + 1, "a host without an instance is not asked"


def test_files_that_compose_refuses_end_the_plan_with_its_word() -> None:
    found = planned(deployed(), REFUSED)
    assert found["event"] == "failed"
    assert "Compose refuses the new files: services.api is no mapping" in found["message"]
    assert "host-001, docker-compose.yml" in found["message"]


@pytest.mark.parametrize(
    ("instance", "answer", "why"),
    [
        # Another commit may bring what the new files need, and its other files.
        (deployed(head="d" * 40), REFUSED, "services.api is no mapping"),
        (deployed(), {"success": False}, "it could not be asked on this host"),
    ],
)
def test_where_compose_does_not_say_the_plan_does_not_either(
    instance: list[str], answer: Any, why: str
) -> None:
    found = planned(instance, answer)
    assert found["event"] == "planned", found
    (note,) = [note for note in found["plan"]["notes"] if "restart" in note]
    assert note == f"changemaker: Compose does not say which services restart: {why}"


def test_an_answer_that_cannot_be_read_is_one_sentence() -> None:
    found = planned(deployed(), ["@@bunker before", "@@bunker end"])
    assert "answer about what Compose makes of the new files cannot be read" in found["message"]
