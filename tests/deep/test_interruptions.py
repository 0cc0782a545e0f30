"""A deploy that is cut off in every step, and run again, ends where an uninterrupted one does."""

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import differences, lasting_state
from tests.lab.interrupting import (
    assert_first_deploy_survives,
    interrupt,
    kill_both,
    kill_controller,
    press_ctrl_c,
    press_ctrl_c_twice,
)

pytestmark = pytest.mark.lab

BARE_POINTS = (
    ("base: packages", kill_both),
    ("base: firewall", kill_both),
    ("base: sshd", kill_controller),
    ("docker: packages", kill_controller),
    ("docker: docker", press_ctrl_c),
    ("changemaker: fetch the code", kill_both),
    ("changemaker: pull and build images", kill_both),
    ("changemaker: switch files", kill_controller),
    ("changemaker: migrate", kill_both),
    ("changemaker: seed where empty", kill_controller),
    ("changemaker: bring up services", press_ctrl_c_twice),
    ("changemaker: health gate", kill_both),
    ("changemaker: record generation", kill_both),
)


@pytest.mark.promise("Running it again is safe")
def test_a_first_deploy_cut_off_at_every_stage_ends_like_an_uninterrupted_one(
    deployed: FleetUnderTest,
) -> None:
    deployed.pristine("north")
    assert_first_deploy_survives(deployed, BARE_POINTS, lasting_state(deployed, "north"))


# Every step is a point where test_killed_runs.py kills the controller and resumes; here another
# deploy follows, after the control machine has lost its power.
UPGRADE_POINTS = (
    ("changemaker: pull and build images", kill_both),
    ("changemaker: switch files", kill_both),
    ("changemaker: bring up services", kill_both),
    ("changemaker: record generation", kill_both),
)


def test_a_new_version_cut_off_at_every_step_ends_like_an_uninterrupted_one(
    north: FleetUnderTest,
) -> None:
    north.deploy("north", more=("--ref", "v2.1.0"))
    uninterrupted = lasting_state(north, "north")
    north.pristine("north")
    for step, how in UPGRADE_POINTS:
        interrupt(north, step, how, "--ref", "v2.1.0")
    north.deploy("north", more=("--ref", "v2.1.0"))
    after = lasting_state(north, "north")
    assert differences(uninterrupted, after) == []
