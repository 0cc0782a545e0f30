"""The role that docs/adding-a-role.md shows is the shipped one, and does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bunker.fleet.models import Host
from bunker.worker.client import WorkerClient
from deploys.earlyoom.component import PATH, earlyoom_component
from deploys.roles import roles_of
from tests.fake.bare_host import RESPONSES
from tests.json_events import everything

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "adding-a-role.md"
APPLIED = "'@@bunker applied'"
DATA = {"name": "north", "address": "192.0.2.1", "domain": "north.example.org"}
PLAIN = Host.model_validate(DATA)
HOST = Host.model_validate({**DATA, "roles": {"earlyoom": {"least_free_percent": 7}}})


def run(folder: Path, host: Host, responses: dict[str, list[str]]) -> list[dict[str, Any]]:
    fake = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": RESPONSES | responses}
    request = {
        "run_id": "test",
        "deploy": "deploys.whole_host:whole_host",
        "tags": "earlyoom",
        "fingerprint_key": "00" * 32,
        "hosts": [
            {
                "name": "north",
                "connector": "@fake",
                "data": {**host.model_dump(mode="json"), **fake},
                "secrets": {},
            }
        ],
    }
    with WorkerClient(request, folder) as worker:
        events = everything(worker.events(until="ready"))
        worker.apply(["north"])
        return events + everything(worker.events(until="done"))


def changes(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    [planned] = [event for event in events if event["event"] == "planned"]
    found: list[dict[str, Any]] = planned["plan"]["changes"]
    return found


def test_the_page_shows_the_roles_files() -> None:
    blocks = dict(re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S))
    folder = ROOT / "deploys" / "earlyoom"
    assert blocks == {
        path.relative_to(ROOT).as_posix(): path.read_text() for path in folder.rglob("*.py")
    }


def test_the_registry_is_the_only_other_place_that_names_it() -> None:
    named = {
        path.relative_to(ROOT).as_posix(): path.read_text().count("earlyoom.ROLE")
        for folder in ("bunker", "deploys")
        for path in (ROOT / folder).rglob("*.py")
        if "earlyoom" in path.read_text() and path.parent.name != "earlyoom"
    }
    assert named == {"deploys/roles.py": 1}


def test_it_is_off_until_a_hosts_file_switches_it_on() -> None:
    assert "earlyoom" not in [role.name for role in roles_of(PLAIN)]
    assert "earlyoom" in [role.name for role in roles_of(HOST)]


def test_it_plans_and_applies_with_its_settings(tmp_path: Path) -> None:
    events = run(tmp_path, HOST, {})
    package, settings = changes(events)
    assert package["summary"] == "1 package to install"
    assert settings["summary"] == "earlyoom set up"
    assert any('EARLYOOM_ARGS="-m 7 -r 3600"' in line for line in settings["lines"])
    done = [event["name"] for event in events if event.get("status") == "ok"]
    assert done == ["earlyoom: packages", "earlyoom: earlyoom"]
    assert changes(run(tmp_path, PLAIN, {})) == []


def test_it_changes_nothing_twice_and_starts_again_what_was_stopped_by_hand(
    tmp_path: Path,
) -> None:
    bundle = earlyoom_component(HOST).bundle
    there = [
        "@@bunker files",
        f"{bundle.files[0].sha256} 644 root - {PATH}",
        "@@bunker applied",
        f"earlyoom {bundle.fingerprint}",
        "@@bunker checks",
        "earlyoom yes",
        "@@bunker end",
    ]
    bare = RESPONSES["dpkg-query"]
    at = bare.index("@@bunker audit")
    installed = {"dpkg-query": [*bare[:at], "installed earlyoom 1.8", *bare[at:]]}
    events = run(tmp_path, HOST, {**installed, APPLIED: there})
    assert changes(events) == []
    [end] = [event for event in events if event["event"] == "host"]
    assert (end["outcome"], end["commands"]) == ("ok", 2)

    stopped = [*there[:-2], "earlyoom no systemctl is-active earlyoom", there[-1]]
    [change] = changes(run(tmp_path, HOST, {**installed, APPLIED: stopped}))
    assert "the running system is not; activated again" in change["summary"]
    assert change["lines"] == ["running now: systemctl is-active earlyoom"]
