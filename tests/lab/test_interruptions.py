"""A deploy that is cut off anywhere, and run again, ends where an uninterrupted one does."""

import json
import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import differences, lasting_state

pytestmark = pytest.mark.lab


def worker_of(controller: subprocess.Popen[str]) -> int:
    """Process id of the controller's worker."""
    command = ["ps", "-o", "pid=,args=", "--ppid", str(controller.pid)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    # Its other children are the sessions that keep its leases.
    workers = [line for line in found.stdout.splitlines() if "bunker.worker" in line]
    return int(workers[0].split()[0])


def kill_controller(controller: subprocess.Popen[str]) -> None:
    """`kill -9` of the command: its worker is left behind and has to notice by itself."""
    controller.kill()


def kill_both(controller: subprocess.Popen[str]) -> None:
    """As if the control machine lost power: nothing is closed, nothing is said."""
    os.killpg(worker_of(controller), signal.SIGKILL)
    controller.kill()


def press_ctrl_c(controller: subprocess.Popen[str]) -> None:
    """Every host finishes its step and starts no other."""
    controller.send_signal(signal.SIGINT)


def press_ctrl_c_twice(controller: subprocess.Popen[str]) -> None:
    """The operator does not want to wait."""
    controller.send_signal(signal.SIGINT)
    controller.send_signal(signal.SIGINT)


def interrupt(
    fleet: FleetUnderTest,
    step: str,
    how: Callable[[subprocess.Popen[str]], None],
    *more: str,
) -> tuple[int, str]:
    """Start a deploy of north and interrupt it as soon as the step has started."""
    controller = fleet.start("deploy", "--host", "north", "--yes", "--json", "--wait", "60s", *more)
    assert controller.stdout is not None
    seen = []
    for line in controller.stdout:
        event = json.loads(line)
        seen.append(event.get("name"))
        if event.get("event") == "step" and event["name"] == step:
            how(controller)
            break
    else:
        raise AssertionError(f"the deploy ended before step {step!r}: {seen}")
    stdout, stderr = controller.communicate(timeout=120)
    return controller.returncode, stdout + stderr


def sql(fleet: FleetUnderTest, statement: str) -> str:
    """One value from the instance's database."""
    inner = (
        f'PGPASSWORD=$POSTGRES_PASSWORD psql -U $POSTGRES_USER -d $POSTGRES_DB -tAc "{statement}"'
    )
    container = "$(docker ps -qf label=com.docker.compose.service=v2-postgres)"
    return fleet.on("north", f"docker exec {container} sh -c '{inner}'").strip()


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


def test_a_first_deploy_cut_off_at_every_stage_ends_like_an_uninterrupted_one(
    deployed: FleetUnderTest,
) -> None:
    deployed.pristine("north")
    uninterrupted = lasting_state(deployed, "north")
    deployed.lab.remove_host("north")
    deployed.lab.add_host("north")
    deployed.reset("north")
    for step, how in BARE_POINTS:
        interrupt(deployed, step, how)
    deployed.deploy("north")
    after = lasting_state(deployed, "north")
    assert differences(uninterrupted, after) == []
    assert sql(deployed, "select count(*) from users") == "1"
    again = deployed.deploy("north")
    assert [event["outcome"] for event in again.events("host")] in ([], ["ok"])


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


def test_ctrl_c_finishes_the_step_says_how_to_go_on_and_ends_with_130(
    north: FleetUnderTest,
) -> None:
    step = "changemaker: pull and build images"
    code, said = interrupt(north, step, press_ctrl_c, "--ref", "v2.1.0")
    assert code == 130
    assert "Go on with: invoke run.resume" in said
    # The step under way ended, and the next one was never started: the old code still serves.
    assert version(north) == "2.0.0"
    # The images are the new version's by now. Going back instead must not start them.
    back = north.deploy("north")
    (planned,) = back.events("planned")
    assert [change["subject"] for change in planned["plan"]["changes"]] == ["images"]
    north.on("north", "docker restart $(docker ps -q)")
    north.deploy("north", more=("--tags", "env"))
    assert version(north) == "2.0.0"


def version(fleet: FleetUnderTest) -> str:
    """What the API says it is."""
    answer: dict[str, str] = json.loads(
        fleet.on("north", "curl -s --retry 20 --retry-all-errors http://127.0.0.1/api/health")
    )
    return answer["version"]
