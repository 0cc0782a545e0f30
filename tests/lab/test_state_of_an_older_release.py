"""A host whose state an older release left at other places: read there, moved once, never lost."""

from __future__ import annotations

import json

import pytest

from tests.lab.fingerprint import changes_between, fingerprint
from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import APP
from tests.lab.killing import disarmed
from tests.lab.machinery.older_release import RETURN, armed_as_before, as_before
from tests.lab.role_runs import ROLLBACK, run_role

pytestmark = pytest.mark.lab

DEADMAN_SECONDS = 20
MOVED = f"moved to {APP}"
MOVE = f"changemaker: move its state to {APP}"
OLD_PLACES = "upgrade* generations snapshots changemaker applied/changemaker"
# Ends a move after its next rename, with everything that runs for it.
KILLING_MV = """#!/bin/sh
/bin/mv "$@"
case "$1" in -T) kill -9 0 ;; esac
"""


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """A deployed host, as the older release would have left it."""
    deployed.pristine("north")
    data = deployed.original("north")
    data["application"]["deadman_seconds"] = DEADMAN_SECONDS
    deployed.configure("north", data)
    as_before(deployed, "north")
    return deployed


def seen(fleet: FleetUnderTest) -> tuple[str, int]:
    """State and generation by `status`."""
    (status,) = json.loads(fleet.invoke("status", "--host", "north", "--json").stdout)["hosts"]
    return status["state"], status["generation"]["number"]


def assert_history(fleet: FleetUnderTest, newest: int) -> None:
    """`history` knows all generations up to the newest."""
    history = fleet.invoke("history", "--host", "north").text
    numbers = [line.split()[0] for line in history.splitlines() if line.startswith("#")]
    assert numbers == [f"#{number}" for number in range(newest, 0, -1)]


def planned(fleet: FleetUnderTest) -> list[str]:
    """What a deploy would do."""
    return [change["summary"] for change in run_role(fleet, plan_only=True).plan["changes"]]


def assert_moved(fleet: FleetUnderTest) -> None:
    """Nothing is left at the older release's places, and a deploy has nothing to do."""
    left = fleet.on(
        "north",
        f"cd /var/lib/bunker && ls -d {OLD_PLACES} 2>/dev/null; ls -d {RETURN} /run/bunker/probe"
        " /etc/systemd/system/bunker-deadman* 2>/dev/null; systemctl --failed --no-legend",
        check=False,
    )
    assert left == ""
    assert planned(fleet) == []
    assert fleet.on("north", f"stat -c '%a %U' {APP}") == "700 root\n"


def test_it_is_read_where_it_stands_and_moved_by_the_next_deploy(host: FleetUnderTest) -> None:
    before = fingerprint(host, "north")
    assert seen(host) == ("healthy", 1)
    assert_history(host, 1)
    assert planned(host) == [MOVED]
    assert changes_between(before, fingerprint(host, "north")) == []

    host.on(
        "north", f"cat > /usr/local/sbin/mv <<'END'\n{KILLING_MV}END\nchmod +x /usr/local/sbin/mv"
    )
    for _ in ("generations", "state", "applied"):
        host.deploy("north", expect=3)
        assert seen(host) == ("healthy", 1)
    host.on("north", "rm /usr/local/sbin/mv")
    assert_moved(host)


def test_one_deploy_moves_all_of_it_and_restarts_nothing(host: FleetUnderTest) -> None:
    as_before(host, "north")
    ran = host.deploy("north")
    (plan,) = ran.events("planned")
    assert [change["summary"] for change in plan["plan"]["changes"]] == [MOVED]
    assert {event["name"] for event in ran.events("step")} == {MOVE}
    assert_moved(host)


def test_the_dead_mans_switch_of_an_older_release_still_takes_its_upgrade_back(
    host: FleetUnderTest,
) -> None:
    killed = run_role(host, ref="v2.1.0", kill_at="changemaker: database and cache")
    armed_as_before(host, "north")
    again = run_role(host, ref="v2.1.0", kill_at="changemaker: database and cache")
    assert again.steps[0] == MOVE, again.output + again.refusal
    disarmed(host, "north")
    assert seen(host) == ("healthy", 2)
    text = host.on("north", f"cat {APP}/generations/000002.json")
    assert json.loads(text)["rollback_of"] == killed.run
    assert_moved(host)


def test_a_rollback_begins_with_the_move(host: FleetUnderTest) -> None:
    killed = run_role(host, ref="v2.1.0", kill_at="changemaker: database and cache")
    armed_as_before(host, "north")
    state, number = seen(host)
    assert state == "unfinished"
    back = run_role(host, ROLLBACK, data={"bunker_of_run": killed.run}, run=killed.run)
    assert back.outcome == "changed", back.output + back.refusal
    assert back.steps[0] == MOVE
    assert seen(host) == ("healthy", number + 1)
    assert_history(host, number + 1)
    assert_moved(host)
