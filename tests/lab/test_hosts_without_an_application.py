"""Hosts without an application, in one batch with an instance, by the commands operators use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bunker.secrets import vault_path
from tests.lab.fleet_under_test import FleetUnderTest, Ran

pytestmark = pytest.mark.lab

ROLES: dict[str, dict[str, Any]] = {"plain": {}, "watched": {"roles": {"earlyoom": True}}}
KEYS = ("host", "address", "port", "user", "domain", "tier", "base")


@pytest.fixture(scope="module")
def mixed(deployed: FleetUnderTest) -> Iterator[tuple[FleetUnderTest, Ran]]:
    """An instance that is deployed, a host in no group and one with earlyoom; and their deploy."""
    deployed.pristine("north")
    for name in ROLES:
        deployed.bare(name)
    for name, more in ROLES.items():
        data = {key: value for key, value in deployed.original(name).items() if key in KEYS}
        (deployed.folder / f"{name}.yml").write_text(json.dumps({**data, **more}))
        vault_path(deployed.folder, name).unlink()
    yield deployed, deployed.invoke("deploy", "--group", "all", "--yes", "--json")
    for name in ROLES:
        deployed.remove(name)


def status(fleet: FleetUnderTest) -> dict[str, Any]:
    rows = json.loads(fleet.invoke("status", "--json").stdout)["hosts"]
    return {row["host"]: row for row in rows}


def test_they_are_deployed_in_one_batch_with_an_instance(mixed: tuple[FleetUnderTest, Ran]) -> None:
    fleet, ran = mixed
    (recap,) = ran.events("recap")
    outcomes = {host: found["outcome"] for host, found in recap["hosts"].items()}
    assert outcomes == {"north": "ok", "plain": "changed", "watched": "changed"}
    for name in ROLES:
        assert fleet.on(name, "command -v docker || echo none").strip() == "none"
        assert "80/tcp" not in fleet.on(name, "ufw status")
        assert fleet.on(name, "ls -d /opt/* /var/lib/bunker/generations", check=False) == ""
    assert fleet.on("watched", "systemctl is-active earlyoom").strip() == "active"
    again = fleet.invoke("deploy", "--group", "all", "--dry", "--detailed-exitcode")
    assert "3 unchanged" in again.text


def test_their_health_is_that_of_their_roles_and_drift_is_found(
    mixed: tuple[FleetUnderTest, Ran],
) -> None:
    fleet = mixed[0]
    assert {name: row["state"] for name, row in status(fleet).items()} == {
        "north": "healthy",
        "plain": "healthy",
        "watched": "healthy",
    }
    fleet.on("watched", "systemctl stop earlyoom")
    fleet.on("plain", "echo by hand >> /etc/issue")
    assert status(fleet)["watched"]["reasons"] == ["earlyoom does not run"]
    assert "earlyoom does not run" in fleet.invoke("health", "--group", "all", expect=1).text
    words = ("--group", "all", "--dry", "--detailed-exitcode", "--json")
    drift = fleet.invoke("deploy", *words, expect=2).events("planned")
    assert {
        planned["host"]: [change["role"] for change in planned["plan"]["changes"]]
        for planned in drift
    } == {"north": [], "plain": ["base"], "watched": ["earlyoom"]}
    fleet.deploy("plain", "watched")
    assert "watched: healthy" in fleet.invoke("health", "--host", "watched").text


def test_what_asks_an_application_refuses_or_leaves_them_out(
    mixed: tuple[FleetUnderTest, Ran],
) -> None:
    fleet = mixed[0]
    for words in (
        ("history",),
        ("logs",),
        ("env.check",),
        ("diff", "1", "2"),
        ("upgrade", "--yes"),
        ("rollback", "--yes"),
        ("deploy", "--tags", "env", "--yes"),
    ):
        refused = fleet.invoke(words[0], "--host", "plain", *words[1:], expect=1)
        assert "plain has no application" in refused.stderr, words
    told = fleet.invoke("upgrade", "--group", "all", "--yes")
    assert "Left out, as they have no application: plain, watched" in told.stderr


def test_a_run_in_batches_gates_each_for_what_it_has(mixed: tuple[FleetUnderTest, Ran]) -> None:
    fleet = mixed[0]
    words = ("--host", "plain,watched", "--batch", "1", "--yes", "--json")
    ran = fleet.invoke("reboot", *words)
    (gate,) = ran.events("gate")
    assert (gate["outcome"], gate["hosts"]) == ("pass", ["plain"])
    steps = {(step["host"], step["name"]) for step in ran.events("step")}
    assert {("plain", "os: health gate"), ("watched", "os: health gate")} <= steps
