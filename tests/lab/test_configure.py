"""`invoke configure`: one setting, one service, measured."""

from __future__ import annotations

import re

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import started

pytestmark = pytest.mark.lab


def test_a_flipped_feature_recreates_the_api_alone_and_says_what_visitors_noticed(
    north: FleetUnderTest,
) -> None:
    before = started(north, "north")
    north.configure("north", {"features": {"sms": True}})
    dry = north.invoke("configure", "--host", "north", "--dry")
    assert "ENABLE_SMS: false → true" in dry.text
    assert started(north, "north") == before

    ran = north.invoke("configure", "--host", "north", "--yes")
    after = started(north, "north")
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"api"}
    assert north.on("north", "docker exec changemaker-lite-api-1 printenv ENABLE_SMS") == "true\n"
    assert re.search(r"north: .*requests.* while it changed", ran.text), ran.text

    again = north.invoke("configure", "--host", "north", "--yes")
    assert "unchanged" in again.text
    assert started(north, "north") == after
