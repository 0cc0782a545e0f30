"""Several hosts, other releases, other ways to the code: one command deploys them all."""

import json

import pytest

from bunker.lab.fleet import operator_key
from bunker.lab.models import HTTP_USER
from bunker.masking import Secret
from bunker.secrets import change_secrets
from tests.lab.fleet_under_test import NAME, FleetUnderTest
from tests.lab.host_state import APP, started

pytestmark = pytest.mark.lab

MAX_COMMANDS_WITHOUT_CHANGE = 40


def api_health(fleet: FleetUnderTest, name: str) -> dict[str, object]:
    """What the API answers through nginx."""
    answer = fleet.on(name, "curl -s http://127.0.0.1/api/health")
    found: dict[str, object] = json.loads(answer)
    return found


def outcomes(ran_events: list[dict[str, object]]) -> dict[object, object]:
    """Outcome by host, from a run's events."""
    return {event["host"]: event["outcome"] for event in ran_events}


@pytest.mark.promise("A server that fails does not stop the others")
def test_a_host_whose_code_crashes_leaves_the_other_to_finish_and_can_be_mended(
    north: FleetUnderTest,
) -> None:
    north.bare("south")
    application = north.original("south")["application"]
    north.configure("south", {"application": {**application, "ref": "v2.2.0-crash"}})
    # north has something to do as well: the next version.
    application = north.original("north")["application"]
    north.configure("north", {"application": {**application, "ref": "v2.1.0"}})

    ran = north.deploy("north", "south", expect=3)

    assert outcomes(ran.events("host")) == {"north": "changed", "south": "failed"}
    assert api_health(north, "north")["version"] == "2.1.0"
    (failed,) = [step for step in ran.events("step") if step["status"] == "failed"]
    assert failed["name"] == "changemaker: bring up services"
    assert "its last log lines" in "\n".join(failed["output"])
    (recap,) = ran.events("recap")
    assert any("invoke logs" in text for text in recap["hosts"]["south"]["next_commands"])
    # A failed deploy is not recorded as what runs, and the old version is another deploy.
    assert north.on("south", f"ls {APP}/generations 2>/dev/null", check=False) == ""
    north.configure("south", {"application": {**application, "ref": "v2"}})
    north.deploy("south")
    assert api_health(north, "south")["version"] == "2.0.0"
    north.remove("south")


@pytest.mark.promise("Servers run Debian 12, Debian 13")
def test_debian_12_deploys_from_a_repository_that_asks_for_a_token(
    fleet: FleetUnderTest,
) -> None:
    fleet.bare("west", "debian:bookworm")
    state = fleet.state
    user, token = HTTP_USER, state.git_token_file.read_text().strip()
    repository = state.git_http_url.replace("http://", f"http://{user}@")
    application = {"repository": repository, "repository_host_keys": [], "ref": "v2"}
    fleet.configure("west", {"application": application})
    key = operator_key(fleet.root, NAME)
    changes = {"GIT_TOKEN": Secret(token), "DEPLOY_KEY": None}
    change_secrets(fleet.folder, "west", changes, key_file=key)

    first = fleet.deploy("west")
    assert outcomes(first.events("host")) == {"west": "changed"}
    assert token not in first.text
    assert api_health(fleet, "west")["status"] == "ok"
    assert 'VERSION_ID="12"' in fleet.on("west", "cat /etc/os-release")

    before = started(fleet, "west")
    again = fleet.deploy("west")
    (planned,) = again.events("planned")
    assert planned["plan"]["changes"] == []
    assert planned["commands"] <= MAX_COMMANDS_WITHOUT_CHANGE
    assert started(fleet, "west") == before
    fleet.remove("west")
