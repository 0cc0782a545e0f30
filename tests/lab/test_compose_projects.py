"""Any Compose project beside a Changemaker instance: deployed, upgraded and rolled back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bunker.fleet import load_fleet
from tests.lab.fleet_under_test import NAME, FleetUnderTest
from tests.lab.host_state import started

pytestmark = pytest.mark.lab

WEB = """\
services:
  web:
    image: nginx:alpine
    restart: unless-stopped
    ports: ["127.0.0.1:8088:80"]
    environment:
      GREETING: ${GREETING}
    volumes: ["./site:/usr/share/nginx/html:ro"]
"""
SERVER = "services:\n  web:\n    labels: {merged: second}\n"
ENTRY: dict[str, Any] = {
    "kind": "compose",
    "folder": "wiki",
    "files": ["compose.yml", "server.yml"],
    "environment": {"GREETING": "hello"},
    "url": "http://127.0.0.1:8088/",
    "health_timeout_seconds": 20,
    "quiet_seconds": 1,
}
ASK = "curl -s http://127.0.0.1:8088/"
LABEL = "docker inspect --format '{{index .Config.Labels \"merged\"}}' wiki-web-1"


@pytest.fixture(scope="module")
def wiki(deployed: FleetUnderTest) -> FleetUnderTest:
    """A deployed host with a second application from files of the fleet."""
    deployed.pristine("north")
    folder = deployed.root / "files" / "wiki"
    (folder / "site").mkdir(parents=True, exist_ok=True)
    (folder / "compose.yml").write_text(WEB)
    (folder / "server.yml").write_text(SERVER)
    (folder / "site" / "index.html").write_text("first\n")
    deployed.configure("north", {"applications": {"wiki": ENTRY}})
    return deployed


def test_it_is_deployed_beside_the_instance_which_is_left_alone(wiki: FleetUnderTest) -> None:
    before = started(wiki, "north")
    ran = wiki.deploy("north")
    (planned,) = ran.events("planned")
    assert {change["role"] for change in planned["plan"]["changes"]} == {"wiki"}
    assert wiki.on("north", ASK) == "first\n"
    assert wiki.on("north", LABEL) == "second\n", "its files are merged in their order"
    assert started(wiki, "north").items() >= before.items()
    again = wiki.deploy("north")
    assert again.events("step") == []


def test_a_changed_file_of_the_fleet_is_an_upgrade_and_a_generation(wiki: FleetUnderTest) -> None:
    index(wiki).write_text("second\n")
    wiki.invoke("upgrade", "--host", "north", "--app", "wiki", "--yes", "--json")
    assert wiki.on("north", ASK) == "second\n"
    assert numbers(wiki) == [1, 2]


def test_what_is_not_healthy_is_rolled_back_by_itself(wiki: FleetUnderTest) -> None:
    server = wiki.root / "files" / "wiki" / "server.yml"
    server.write_text(SERVER + "    command: [sh, -c, exit 3]\n")
    ran = wiki.invoke("upgrade", "--host", "north", "--app", "wiki", "--yes", "--json", expect=4)
    assert wiki.on("north", ASK) == "second\n", ran.text
    server.write_text(SERVER)
    assert numbers(wiki)[:2] == [1, 2]


def test_a_port_that_something_else_has_is_refused_by_name_before_anything_changes(
    wiki: FleetUnderTest,
) -> None:
    server = wiki.root / "files" / "wiki" / "server.yml"
    server.write_text(SERVER + '    ports: ["127.0.0.1:8089:81", "22:82"]\n')
    wiki.on("north", "sudo docker run -d --name squatter -p 8089:80 nginx:alpine")
    before = started(wiki, "north")
    ran = wiki.invoke("upgrade", "--host", "north", "--app", "wiki", "--yes", "--json", expect=3)
    assert "port 8089 is taken by the container squatter: give" in ran.text
    assert "port 22 is taken by the process sshd of this host" in ran.text
    assert started(wiki, "north") == before
    assert wiki.on("north", ASK) == "second\n"
    wiki.on("north", "sudo docker rm -f squatter")
    server.write_text(SERVER)


def test_what_is_set_on_the_command_line_runs_and_stands_in_the_file(wiki: FleetUnderTest) -> None:
    words = ("--set", "services.web.labels.merged=third, and last", "--yes", "--json")
    wiki.invoke("upgrade", "--host", "north", "--app", "wiki", *words)
    assert wiki.on("north", LABEL) == "third, and last\n"
    assert settings(wiki) == {"services.web.labels.merged": "third, and last"}
    assert wiki.deploy("north").events("step") == []


def test_it_is_rolled_back_when_an_operator_asks(wiki: FleetUnderTest) -> None:
    wiki.invoke(
        *("rollback", "--host", "north", "--app", "wiki", "--to", "1", "--yes", "--json"),
    )
    assert wiki.on("north", ASK) == "first\n"
    assert wiki.on("north", LABEL) == "second\n"
    assert settings(wiki) == {}, "the file says what that generation had set"


def index(fleet: FleetUnderTest) -> Path:
    return fleet.root / "files" / "wiki" / "site" / "index.html"


def settings(fleet: FleetUnderTest) -> dict[str, Any]:
    found = load_fleet(fleet.root, NAME, require_secrets=False).host("north")
    return dict(found.applications["wiki"].set_values)


def numbers(fleet: FleetUnderTest) -> list[int]:
    rows = fleet.on("north", "sudo sh -c 'cat /var/lib/bunker/apps/wiki/generations/*.json'")
    return [json.loads(row)["number"] for row in rows.splitlines()]
