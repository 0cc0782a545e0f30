"""Commands that are cut off in the middle of a step."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.host_state import differences, lasting_state
from tests.unit.screens.terminal import Terminal, invoke, words_of

Points = tuple[tuple[str, Callable[[subprocess.Popen[str]], None]], ...]


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


@contextmanager
def on_terminal(fleet: FleetUnderTest, *words: str, columns: int = 80) -> Iterator[Terminal]:
    """`invoke WORDS` as an operator sees it; its time zone is that of Berlin."""
    own = {**fleet.environment, "TERM": "xterm-256color", "TZ": "Europe/Berlin"}
    with invoke(*words, root=fleet.root, columns=columns, **own) as terminal:
        yield terminal


def assert_one_clear_end(fleet: FleetUnderTest, *words: str) -> str:
    """Press Ctrl-C once the images of both hosts are there, when their rollbacks are prepared.

    The run that was begun.
    """
    pulled = [rf"{host}: \[\d+/\d+\] changemaker: pull and build images: ok" for host in words[:2]]
    with on_terminal(fleet, "upgrade", *words, "--yes") as terminal:
        terminal.until(lambda text: all(re.search(line, text) for line in pulled))
        terminal.type("\x03")
        terminal.until("in the middle of a step.")
        assert terminal.end() == 130, terminal.text
    said = words_of(terminal)
    for once in (
        "Stopping: every host finishes the step that it is in",
        "Recap: ",
        "the run is not finished",
    ):
        assert said.count(once) == 1, terminal.text
    assert said.count("^C") <= 1
    assert "Recap: 0 ok, 0 changed, 0 failed, 0 unreachable, 2 interrupted" in said, terminal.text
    assert max(map(len, terminal.lines)) <= 80
    for host in words[:2]:
        until = rf"{host} rolls back by itself at \d\d:\d\d:\d\d CES?T unless it is resumed"
        assert re.search(until, said), terminal.text
    found = re.search(r"Resume it with: invoke run.resume (\S+)\.$", said)
    assert found, terminal.text
    return found[1]


def sql(fleet: FleetUnderTest, statement: str) -> str:
    """One value from the instance's database."""
    inner = (
        f'PGPASSWORD=$POSTGRES_PASSWORD psql -U $POSTGRES_USER -d $POSTGRES_DB -tAc "{statement}"'
    )
    container = "$(docker ps -qf label=com.docker.compose.service=v2-postgres)"
    return fleet.on("north", f"docker exec {container} sh -c '{inner}'").strip()


def version(fleet: FleetUnderTest) -> str:
    """What the API says it is."""
    answer: dict[str, str] = json.loads(
        fleet.on("north", "curl -s --retry 20 --retry-all-errors http://127.0.0.1/api/health")
    )
    return answer["version"]


def assert_first_deploy_survives(
    fleet: FleetUnderTest, points: Points, uninterrupted: dict[str, str]
) -> None:
    """A first deploy that is cut off in these steps ends like one that nobody cut off."""
    fleet.lab.remove_host("north")
    fleet.lab.add_host("north")
    fleet.reset("north")
    for step, how in points:
        interrupt(fleet, step, how)
    fleet.deploy("north")
    after = lasting_state(fleet, "north")
    assert differences(uninterrupted, after) == []
    assert sql(fleet, "select count(*) from users") == "1"
    again = fleet.deploy("north")
    assert [event["outcome"] for event in again.events("host")] in ([], ["ok"])
