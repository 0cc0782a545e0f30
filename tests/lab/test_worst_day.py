"""Migrations that lose data or fail half-way: what is asked, what is told, and the way out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.fleet_under_test import FleetUnderTest, Ran

pytestmark = pytest.mark.lab

HERE = ("--host", "north")
DESTRUCTIVE = "v2.2.0-destructive"
BROKEN = "v2.2.0-broken-migration"


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """A deployed instance, and one that is to lose data or fail."""
    deployed.pristine("north")
    return deployed


def version(fleet: FleetUnderTest) -> str:
    """What the API says it is."""
    body = fleet.on("north", "curl -s --retry 9 --retry-all-errors http://127.0.0.1/api/health")
    return str(json.loads(body)["version"])


def words(ran: Ran) -> str:
    """What was said, however it was wrapped."""
    return " ".join(ran.text.split())


def upgrade(fleet: FleetUnderTest, ref: str, *more: str, expect: int | None = 0) -> Ran:
    return fleet.invoke("upgrade", *HERE, "--ref", ref, "--yes", *more, expect=expect)


def status(fleet: FleetUnderTest) -> dict[str, Any]:
    (row,) = json.loads(fleet.invoke("status", "--json").stdout)["hosts"]
    return dict(row)


@pytest.mark.promise("Nothing happens before you have seen it")
def test_what_loses_data_is_named_before_the_question_and_needs_the_hosts_name(
    host: FleetUnderTest,
) -> None:
    dry = words(host.invoke("upgrade", *HERE, "--ref", DESTRUCTIVE, "--dry"))
    assert "MAY LOSE DATA" in dry
    assert "drops column campaigns.description" in dry
    refused = upgrade(host, DESTRUCTIVE, expect=1)
    assert "pass --confirm north" in words(refused)
    another = upgrade(host, DESTRUCTIVE, "--confirm", "south", expect=1)
    assert "--confirm names south" in words(another)
    assert version(host) == "2.0.0"
    safe = words(host.invoke("upgrade", *HERE, "--ref", "v2.1.0", "--dry"))
    assert "safe for the older code" in safe
    assert "LOSE" not in safe


def test_a_migration_that_failed_half_way_is_shown_until_it_is_settled_by_a_command(
    host: FleetUnderTest,
) -> None:
    failed = upgrade(host, BROKEN, "--confirm", "north", expect=None)
    if failed.code == 1:  # it does not count as losing data
        failed = upgrade(host, BROKEN, expect=None)
    assert failed.code in (3, 4), failed.text
    assert "failed in the database" in words(failed)
    assert "try: invoke schema.resolve" in failed.text
    assert version(host) == "2.0.0"

    row = status(host)
    assert row["state"] == "degraded"
    assert "failed half-way" in "; ".join(row["reasons"])
    assert "try: invoke schema.resolve" in host.invoke("status").stdout

    blocked = upgrade(host, "v2.1.0", expect=None)
    assert blocked.code in (3, 4), blocked.text
    assert "failed half-way before, and no other is applied" in words(blocked)

    # The two commands that it names, in their order, lead out of it.
    assert "try: invoke schema.resolve" in blocked.text
    settled = host.invoke("schema.resolve", *HERE, "--yes")
    assert "recorded as rolled back" in words(settled)
    again = host.invoke("schema.resolve", *HERE, "--yes")
    assert "unchanged" in again.text
    assert status(host)["state"] == "healthy"
    upgrade(host, "v2.1.0")
    assert version(host) == "2.1.0"
