"""Older code never takes the place of newer without a word: said, refused, checked."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any

import pytest

from bunker.worker.client import WorkerClient
from tests.fake.bare_host import COMMIT, RESPONSES, fake_host, fake_request
from tests.fake.test_worker import ROOT, by_host
from tests.json_events import everything

HEAD = "d" * 40
INSTANCE = "'@@bunker engine'"
GENERATION = json.dumps(
    {"number": 3, "run": "r", "commit": HEAD, "ref": "v2.1.0", "configuration": "f", "images": {}}
    | {"time": "2026-11-20T12:00:00Z", "migration_head": "m"}
)


def running(*, older: bool, recorded: bool = True) -> list[str]:
    """An instance that runs another commit than the wanted one, or never ran well at all."""
    rows = list(RESPONSES[INSTANCE])
    rows[rows.index("kind absent")] = "kind folder"
    at = rows.index("@@bunker containers")
    rows[at:at] = ["@@bunker head", HEAD, *(["@@bunker older", "yes"] if older else [])]
    if recorded:
        rows.insert(rows.index("@@bunker generation") + 1, GENERATION)
    return rows


def migrations(sql: str) -> list[str]:
    """What the code that runs has beyond the older one."""
    content = sql.encode()
    name = hashlib.sha1(content).hexdigest()  # noqa: S324 - as git names it
    blob = f"{name} blob {len(content)}\n".encode() + content + b"\n"
    packed = base64.b64encode(gzip.compress(blob)).decode()
    rows = ["@@bunker migrations", "new 2_notes", "@@bunker sql", f"{name} 2_notes"]
    return [*rows, "@@bunker contents", packed, "@@bunker end"]


def planned(instance: list[str], sql: str = "", *, allowed: bool = False) -> dict[str, Any]:
    request = fake_request([fake_host(1)])
    data = request["hosts"][0]["data"]
    data["fake_responses"] = {
        "migrations_in HEAD": migrations(sql),
        **RESPONSES,
        INSTANCE: instance,
    }
    if allowed:
        data["bunker_allow_downgrade"] = "yes"
    request["tags"] = "changemaker"
    with WorkerClient(request, ROOT) as worker:
        events = everything(worker.events(until="ready"))
    return (by_host(events, "planned") or by_host(events, "failed"))["host-001"]


@pytest.mark.promise("A later deploy never brings older code unasked")
def test_older_code_is_refused_with_the_ways_to_go_on() -> None:
    found = planned(running(older=True))
    assert found["event"] == "failed"
    assert "v2 is older than v2.1.0, which runs: this is a downgrade" in found["message"]
    for way in ("Set application.ref to v2.1.0", "invoke rollback --host", "--allow-downgrade"):
        assert way in found["message"]


@pytest.mark.promise("A later deploy never brings older code unasked")
def test_older_code_that_is_meant_is_a_line_of_its_own() -> None:
    found = planned(running(older=True), "CREATE TABLE notes (id int);", allowed=True)
    assert found["event"] == "planned", found
    changes = {change["subject"]: change["summary"] for change in found["plan"]["changes"]}
    assert changes["version"] == "goes back from v2.1.0 to v2"
    assert f"commit {HEAD[:12]} → {COMMIT[:12]} (v2)" in changes["checkout"]


def test_older_code_is_never_put_over_a_database_that_it_cannot_work_with() -> None:
    found = planned(running(older=True), "ALTER TABLE notes DROP COLUMN text;", allowed=True)
    assert found["event"] == "failed"
    assert "v2 cannot work with the database of v2.1.0: 2_notes drops column" in found["message"]
    assert "invoke rollback --host host-001 --restore" in found["message"]


def test_after_a_first_deploy_that_failed_an_older_version_is_no_downgrade() -> None:
    never = running(older=True, recorded=False)
    found = planned(never, "CREATE TABLE notes (id int);")
    assert found["event"] == "planned", found
    refused = planned(never, "ALTER TABLE notes DROP COLUMN text;")
    assert refused["event"] == "failed"
    assert "2_notes drops column" in refused["message"]
    assert "Deploy a version in which what failed is fixed" in refused["message"]
    assert "invoke rollback" not in refused["message"]


@pytest.mark.parametrize("allowed", [False, True])
def test_newer_or_other_code_is_planned_as_ever(allowed: bool) -> None:
    found = planned(running(older=False), allowed=allowed)
    assert found["event"] == "planned", found
    assert "version" not in {change["subject"] for change in found["plan"]["changes"]}
