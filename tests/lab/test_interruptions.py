"""A deploy that is cut off anywhere, and run again, ends where an uninterrupted one does."""

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import lasting_state
from tests.lab.interrupting import (
    assert_first_deploy_survives,
    assert_one_clear_end,
    interrupt,
    kill_both,
    kill_controller,
    on_terminal,
    press_ctrl_c,
    version,
)
from tests.unit.screens.terminal import words_of

pytestmark = pytest.mark.lab

POINTS = (
    ("docker: packages", kill_controller),
    ("changemaker: migrate", kill_both),
)


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """A deployed host; the last test begins with a bare one of its name."""
    deployed.pristine("north")
    return deployed


@pytest.fixture(scope="module")
def uninterrupted(host: FleetUnderTest) -> dict[str, str]:
    """What a deploy that nobody cut off leaves."""
    return lasting_state(host, "north")


def test_ctrl_c_finishes_the_step_says_how_to_go_on_and_ends_with_130(
    host: FleetUnderTest, uninterrupted: dict[str, str]
) -> None:
    assert uninterrupted, "it was looked at before anything happened to it"
    step = "changemaker: pull and build images"
    code, said = interrupt(host, step, press_ctrl_c, "--ref", "v2.1.0")
    assert code == 130
    assert "Resume it with: invoke run.resume" in said
    assert said.count('"event": "stopping"') == 1
    # The step under way ended, and the next one was never started: the old code still serves.
    assert version(host) == "2.0.0"
    # The images are the new version's by now. A rollback must not start them.
    back = host.deploy("north")
    (planned,) = back.events("planned")
    assert [change["subject"] for change in planned["plan"]["changes"]] == ["images"]
    host.on("north", "docker restart $(docker ps -q)")
    host.deploy("north", more=("--role", "env"))
    assert version(host) == "2.0.0"


@pytest.mark.promise("Ctrl-C says what happens now and until when")
def test_ctrl_c_on_a_terminal_while_two_hosts_change_is_answered_by_a_line_that_stays(
    host: FleetUnderTest,
) -> None:
    host.deployed_as("south")
    try:
        run = assert_one_clear_end(host, "north", "south", "--ref", "v2.1.0")
        with on_terminal(host) as home:
            assert home.end() == 0
        said = words_of(home)
        assert "upgrade of north, south to v2.1.0: interrupted, began " in said
        assert f"    try: invoke run.resume {run}" in home.lines
        host.invoke("run.cancel", run, "--yes")
    finally:
        host.remove("south")


@pytest.mark.promise("Running it again is safe")
def test_a_first_deploy_cut_off_twice_ends_like_an_uninterrupted_one(
    host: FleetUnderTest, uninterrupted: dict[str, str]
) -> None:
    assert_first_deploy_survives(host, POINTS, uninterrupted)
