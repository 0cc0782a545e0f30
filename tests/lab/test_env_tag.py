"""`--tags env`: a changed setting reaches exactly the services that read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.fleet_under_test import FleetUnderTest

pytestmark = pytest.mark.lab

STARTED = r"""
docker ps -q | xargs docker inspect \
  --format '{{index .Config.Labels "com.docker.compose.service"}} {{.Id}}{{.State.StartedAt}}'
"""


def started(fleet: FleetUnderTest) -> dict[str, str]:
    rows = [line.split(" ", 1) for line in fleet.on("north", STARTED).splitlines()]
    return {row[0]: row[1] for row in rows}


def test_one_feature_flag_recreates_only_the_services_that_read_it(north: FleetUnderTest) -> None:
    before = started(north)
    north.configure("north", {"features": {"sms": True}})
    ran = north.deploy("north", more=("--tags", "env"))
    after = started(north)
    (planned,) = ran.events("planned")
    (change,) = planned["plan"]["changes"]
    assert "  ENABLE_SMS: false → true" in change["lines"]
    assert after.keys() == before.keys()
    recreated = {service for service in after if after[service] != before[service]}
    assert recreated == {"api"} == set(change["restarts"])
    assert north.on("north", "docker exec changemaker-lite-api-1 printenv ENABLE_SMS") == ("true\n")
    north.invoke("deploy", "--host", "north", "--dry", "--detailed-exitcode", expect=0)


@pytest.fixture
def bare(fleet: FleetUnderTest) -> Iterator[FleetUnderTest]:
    fleet.bare("fresh")
    yield fleet
    fleet.remove("fresh")


def test_on_a_bare_host_the_env_tag_says_what_to_do_first(bare: FleetUnderTest) -> None:
    ran = bare.invoke("deploy", "--host", "fresh", "--tags", "env", "--yes", expect=3)
    lines = [line for line in ran.text.splitlines() if "nothing is deployed yet" in line]
    assert "invoke deploy --host fresh" in " ".join(ran.text.split())
    assert lines
    assert "Traceback" not in ran.text
    (planned,) = bare.invoke(
        *("deploy", "--host", "fresh", "--tags", "env", "--yes", "--json"), expect=3
    ).events("failed")
    assert planned["message"].count("\n") == 0
