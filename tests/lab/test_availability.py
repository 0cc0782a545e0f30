"""Visitors notice no upgrade, and a version that cannot start is never put in front of them."""

from __future__ import annotations

import json
import logging

import pytest

from bunker.application.availability import Availability
from bunker.runs.host_outcomes import answers_of
from tests.lab.fleet_under_test import FleetUnderTest, Ran
from tests.lab.host_state import started
from tests.lab.visitors import visitors

LOGGER = logging.getLogger(__name__)

pytestmark = pytest.mark.lab

UP = "changemaker: bring up services"
WITHOUT_A_GAP = "api: replaced without a gap"
UNLIMITED = {"RATE_LIMIT_MAX": "1000000"}
"""So that the visitors are answered by the application instead of being told to slow down."""

LEFTOVERS = """
docker ps -a --format '{{.Names}}' | grep -e bridge || true
nginx=$(docker ps -qf label=com.docker.compose.service=nginx)
pid=$(docker inspect --format '{{.State.Pid}}' "$nginx")
nsenter -t "$pid" -n iptables -t nat -S | grep BUNKER || true
"""
"""What a swap that was cut off may leave behind."""


def step_output(ran: Ran, name: str) -> list[str]:
    """What a finished step printed."""
    [event] = [
        event
        for event in ran.events("step")
        if event["name"] == name and event["status"] != "started"
    ]
    return list(event["output"])


def measured(ran: Ran) -> Availability:
    """What the probe on the host saw."""
    output = step_output(ran, "changemaker: stop the availability probe")
    return Availability.from_json(answers_of(output)["availability"])


def version(fleet: FleetUnderTest) -> str:
    """What the API behind nginx says it is."""
    answer = fleet.on("north", "curl -s --retry 20 --retry-all-errors http://127.0.0.1/api/health")
    return str(json.loads(answer)["version"])


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """The deployed host, first with a version that never takes over, then with one that does."""
    deployed.pristine("north")
    return deployed


@pytest.fixture
def unlimited(host: FleetUnderTest) -> FleetUnderTest:
    """The host, with no limit on how much one visitor may ask."""
    host.configure("north", {"environment": UNLIMITED})
    host.deploy("north", more=("--role", "env"))
    return host


@pytest.mark.promise("Nothing is touched before everything was checked")
def test_a_version_that_crashes_never_takes_the_place_of_the_one_that_runs(
    host: FleetUnderTest,
) -> None:
    before = started(host, "north")
    address = host.state.host("north").address

    with visitors(address, f"api.{host.original('north')['domain']}") as visits:
        ran = host.deploy("north", more=("--ref", "v2.2.0-crash"), expect=4)

    said = "\n".join(step_output(ran, UP))
    assert "the one that runs was not touched" in said
    assert "the template cache could not be opened" in said
    assert started(host, "north")["api"] == before["api"]
    assert visits.failures == []
    assert visits.versions == {"2.0.0"}
    assert host.on("north", LEFTOVERS) == ""


@pytest.mark.promise("The API is replaced without a failed request")
def test_no_request_fails_while_the_next_version_takes_over(unlimited: FleetUnderTest) -> None:
    fleet = unlimited
    before = started(fleet, "north")
    host = fleet.state.host("north")
    # As if the next version had other configuration for nginx than the one that it has read.
    fleet.on("north", "echo other > /var/lib/bunker/apps/changemaker/state/nginx-nginx")

    with visitors(host.address, f"api.{fleet.original('north')['domain']}") as visits:
        ran = fleet.deploy("north", more=("--ref", "v2.1.0"))

    assert visits.failures == []
    assert visits.versions == {"2.0.0", "2.1.0"}
    for kind in ("health", "read", "post"):
        assert visits.count(kind) > 50
    assert visits.count("post slowly") > 3
    assert {status for _, status in visits.answers} == {200, 201}

    found = measured(ran)
    assert found.failed == 0
    assert found.requests > 50
    assert found.longest_outage_seconds == 0
    said = step_output(ran, UP)
    assert any(line.startswith(WITHOUT_A_GAP) for line in said)
    assert "nginx: reads its changed configuration" in said

    after = started(fleet, "north")
    assert {name for name in after if after[name] != before[name]} == {"api", "media-api"}
    assert fleet.on("north", LEFTOVERS) == ""
    assert fleet.on("north", "ls -d /run/bunker/probe* 2>/dev/null", check=False) == ""
    LOGGER.info("probe: %s; visitors: %s", found.sentence(), visits)
