"""A swap that is killed half-way, and a version that goes wrong after its gate."""

from __future__ import annotations

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import APP, started
from tests.lab.interrupting import kill_both
from tests.lab.test_availability import LEFTOVERS, host, step_output, unlimited, version
from tests.lab.visitors import visitors

__all__ = ["host", "unlimited"]

pytestmark = pytest.mark.lab

WAIT_FOR_THE_BRIDGE = """
for i in $(seq 900); do
  docker ps --format '{{.Names}} {{.Status}}' | grep -q 'api-bridge .*(healthy)' && exit 0
  sleep 0.1
done
exit 1
"""

KILL_THE_SWAP = """
for process in /proc/[0-9]*; do
  if tr '\\0' ' ' < "$process/cmdline" 2>/dev/null | grep -q 'swap_[d]rain'; then
    kill -9 "${process#/proc/}"
  fi
done
"""
"""As if the host's memory ran out: the swap ends where it is and cleans nothing up."""


def test_a_swap_that_was_killed_leaves_nothing_behind_after_the_next_deploy(
    north: FleetUnderTest,
) -> None:
    deploy = north.start("deploy", "--host", "north", "--ref", "v2.1.0", "--yes", "--json")
    north.on("north", WAIT_FOR_THE_BRIDGE)
    kill_both(deploy)
    north.on("north", KILL_THE_SWAP)
    deploy.communicate(timeout=120)
    assert "bridge" in north.on("north", LEFTOVERS)
    assert version(north) in {"2.0.0", "2.1.0"}, "somebody still answers"

    north.invoke("upgrade", "--host", "north", "--ref", "v2.1.0", "--wait", "2m", "--yes")

    assert north.on("north", LEFTOVERS) == ""
    assert version(north) == "2.1.0"
    assert len(started(north, "north")) == 6


def test_a_version_that_logs_errors_after_the_gate_is_not_recorded(
    unlimited: FleetUnderTest,
) -> None:
    fleet = unlimited
    host = fleet.state.host("north")
    with visitors(host.address, f"api.{fleet.original('north')['domain']}"):
        ran = fleet.deploy("north", more=("--ref", "v2.2.0-slow-burn"), expect=4)

    said = step_output(ran, "changemaker: settle")
    assert any("no session slot is left" in line for line in said)
    assert '"ref": "v2.2.0' not in fleet.on("north", f"cat {APP}/generations/*.json")
    assert version(fleet) == "2.0.0"
