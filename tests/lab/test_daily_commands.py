"""What an operator types every day, on a host that was deployed for real."""

import json
from typing import Any

import pytest

from bunker.lab.fleet import operator_key
from bunker.secrets import read_host_secrets
from tests.lab.fleet_under_test import NAME, FleetUnderTest

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def running(deployed: FleetUnderTest) -> FleetUnderTest:
    """One deployed host for the whole module: most of its tests only look."""
    deployed.pristine("north")
    return deployed


def status(fleet: FleetUnderTest) -> dict[str, dict[str, Any]]:
    """`invoke status --json` by host."""
    answer = json.loads(fleet.invoke("status", "--json").stdout)
    return {row["host"]: row for row in answer["hosts"]}


def test_status_tells_at_a_glance_what_each_host_runs(running: FleetUnderTest) -> None:
    (row,) = status(running).values()
    assert (row["host"], row["state"]) == ("north", "healthy")
    assert row["generation"]["number"] == 1
    assert set(row["generation"]["images"]) == {
        "admin",
        "api",
        "media-api",
        "nginx",
        "redis",
        "v2-postgres",
    }
    assert row["health"]["code"] == 200
    assert "6/6 up" in running.invoke("status").stdout


@pytest.mark.promise("Nothing is guessed")
def test_a_bare_and_an_unreachable_host_are_shown_as_such(running: FleetUnderTest) -> None:
    running.bare("east")
    running.lab.add_host("south")
    running.reset("south")
    running.configure("south", {"address": "127.0.0.1", "port": 1})
    try:
        rows = status(running)
        assert rows["north"]["state"] == "healthy"
        assert rows["east"]["state"] == "not deployed"
        assert rows["south"]["state"] == "unreachable"
        running.invoke("status", "--exit-status", expect=3)
    finally:
        running.remove("south")
        running.remove("east")


def test_logs_show_the_service_and_none_of_the_hosts_secrets(running: FleetUnderTest) -> None:
    key = operator_key(running.root, NAME)
    secret = read_host_secrets(running.folder, "north", key_file=key)["REDIS_PASSWORD"].reveal()
    running.on("north", f"curl -s 'http://127.0.0.1/api/health?leaked={secret}'")
    words = ("logs", "--host", "north", "--service", "nginx", "--lines", "20")
    shown = running.invoke(*words).text
    assert "leaked=••••" in shown
    assert secret not in shown


def test_ssh_runs_a_command_with_pinned_host_keys(running: FleetUnderTest) -> None:
    ran = running.invoke("ssh", "--host", "north", "--command", "hostname; id -un")
    assert ran.stdout.split() == ["north", "deploy"]


def test_the_table_of_environment_keys_agrees_with_the_checkout(running: FleetUnderTest) -> None:
    assert "agree" in running.invoke("env.check", "--host", "north").text


def test_health_names_the_part_that_fails_and_deploy_brings_it_back(
    running: FleetUnderTest,
) -> None:
    running.on("north", "docker stop $(docker ps -qf label=com.docker.compose.service=redis)")
    ran = running.invoke("health", "--host", "north", expect=1)
    assert "redis" in ran.text
    assert "503" in ran.text
    plan = running.deploy("north", more=("--dry",)).events("planned")
    subjects = [change["subject"] for change in plan[0]["plan"]["changes"]]
    assert "redis" in subjects
    running.deploy("north")
    assert running.invoke("health", "--host", "north").code == 0


def test_a_new_server_is_added_checked_and_planned(fleet: FleetUnderTest) -> None:
    if "added" in {host.name for host in fleet.state.hosts}:
        fleet.lab.remove_host("added")
    host = fleet.lab.add_host("added")
    words = ("instance.add", "added", "added.example.org", host.address, "--group", "canary")
    try:
        # Without a terminal nobody can look at the fingerprint, so nothing is recorded.
        refused = fleet.invoke(*words, expect=1)
        assert "--fingerprint" in refused.text or "--yes" in refused.text
        assert not (fleet.folder / "added.yml").exists()
        fleet.invoke(*words, "--yes")
        rows = json.loads(fleet.invoke("instance.list", "--json").stdout)
        assert "added" in {row["name"] for row in rows}
        assert (fleet.folder / "added.sops.yml").exists()
        ran = fleet.invoke("deploy", "--host", "added", "--role", "base", "--dry")
        assert "1 host to change" in ran.text
    finally:
        for file in ("added.yml", "added.sops.yml"):
            (fleet.folder / file).unlink(missing_ok=True)
        fleet.lab.remove_host("added")
        fleet.write()
