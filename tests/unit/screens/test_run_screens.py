"""What stands on the screen while hosts are changed, and afterwards, at 80 columns as at 140."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.unit.screens.conftest import Fleet
from tests.unit.screens.terminal import words_of
from tests.unit.workflows.probe_answers import HEALTHY, UP, answer

WIDTHS = pytest.mark.parametrize("columns", [80, 140])
CHANGE = {
    "role": "changemaker",
    "subject": "checkout",
    "symbol": "~",
    "summary": "commit 4f2a91c → 7433abc (v2.1.0)",
}
PULL = "changemaker: pull and build images"
QUESTION = "only 3 requests of the 50 that are needed"
NOISE = [f"container noise {number}" for number in range(20)]
TAKEN = "Error response from daemon: Bind for 0.0.0.0:8080 failed: port is already allocated"
RUN = re.compile(r"run (\d{8}T\d{6}Z-[0-9a-f]{4}): ")


@pytest.fixture
def two(fleet: Fleet) -> Fleet:
    """Two healthy hosts."""
    for name in ("north", "south"):
        fleet.add(name, answer(HEALTHY, UP))
    return fleet


def world(fleet: Fleet, *steps: tuple[str, float], **more: Any) -> None:
    plans = {name: {"changes": [CHANGE]} for name in ("north", "south")}
    fleet.world(plans=plans, steps=steps, **more)


def pulls_for(seconds: int) -> Callable[[str], bool]:
    """Whether the live display says that images are pulled for so long already, or longer."""
    return lambda text: any(int(found) >= seconds for found in re.findall(rf"{PULL}: (\d+)s", text))


def run_of(text: str) -> str:
    found = RUN.search(text)
    assert found, text
    return found[1]


@WIDTHS
@pytest.mark.promise("Ctrl-C says what happens now and until when")
def test_ctrl_c_during_a_change_of_two_hosts_leaves_a_line_that_stays_and_one_summary(
    two: Fleet, columns: int
) -> None:
    world(two, ("changemaker: prepare the rollback", 0), (PULL, 4), ("changemaker: migrate", 0))
    zone = {"TZ": "Europe/Berlin"}
    with two.on_terminal("upgrade", "north", "south", "--yes", columns=columns, **zone) as terminal:
        terminal.until(pulls_for(1))
        terminal.type("\x03")
        terminal.until("in the middle of a step.")
        terminal.until(pulls_for(2))
        assert "Stopping: every host finishes the step" in terminal.text, "the display wiped it"
        assert terminal.end() == 130
    said, run = words_of(terminal), run_of(terminal.text)
    assert said.count("Stopping: every host finishes the step that it is in") == 1
    assert "Then this ends; resume it with: invoke run.resume" in said
    assert said.count("^C") <= 1
    assert said.count("Recap: ") == said.count("the run is not finished") == 1
    assert "Recap: 0 ok, 0 changed, 0 failed, 0 unreachable, 2 interrupted" in said
    assert f"south: [2/3] {PULL}: ok" in said, "the step was finished"
    assert "migrate" not in said
    for host in ("north", "south"):
        until = rf"{host} rolls back by itself at \d\d:\d\d:\d\d CET unless it is resumed"
        assert re.search(until, said)
    assert said.endswith(f"Resume it with: invoke run.resume {run}.")
    assert max(map(len, terminal.lines)) <= columns

    with two.on_terminal(columns=columns) as home:
        assert home.end() == 0
    assert "upgrade of north, south: interrupted, began " in words_of(home)
    assert f"    try: invoke run.resume {run}" in home.lines

    world(two, ("changemaker: record generation", 0))
    with two.on_terminal("run.resume", run, columns=columns) as resumed:
        assert resumed.end() == 0
    assert "Recap: 0 ok, 2 changed" in resumed.text


@WIDTHS
def test_a_second_ctrl_c_stops_at_once_and_says_the_same_once(two: Fleet, columns: int) -> None:
    world(two, (PULL, 30))
    with two.on_terminal("upgrade", "north", "south", "--yes", columns=columns) as terminal:
        terminal.until(pulls_for(1))
        terminal.type("\x03")
        terminal.until("Ctrl-C again stops at once")
        began = time.monotonic()
        terminal.type("\x03")
        assert terminal.end() == 130
        assert time.monotonic() - began < 15
    said = words_of(terminal)
    assert said.count("Recap: ") == said.count("the run is not finished") == 1
    assert "2 interrupted" in said
    assert "Traceback" not in said
    assert "ended unexpectedly" not in said


@WIDTHS
@pytest.mark.promise("A step that takes long says for how long already")
def test_how_long_a_step_takes_already_moves_at_least_every_two_seconds(
    two: Fleet, columns: int
) -> None:
    world(two, (PULL, 3.5))
    with two.on_terminal("deploy", "north", "--yes", columns=columns) as terminal:
        seen = []
        for seconds in (1, 2, 3):
            text = terminal.until(pulls_for(seconds))
            assert re.search(r"north .*0:00:0", text), "and how long the host takes"
            seen.append(time.monotonic())
        assert terminal.end() == 0
    assert max(after - before for before, after in pairwise(seen)) < 2.5
    assert not pulls_for(0)(terminal.text), "the live display is gone at the end"


@WIDTHS
@pytest.mark.promise("A soak counts down and says what each host did so far")
def test_a_soak_counts_down_with_requests_and_errors_and_names_its_zone(
    two: Fleet, columns: int
) -> None:
    figures = {"north": {"requests": 340.0, "errors": 2.0}}
    world(two, (PULL, 0), analysis={"outcome": "pass", "hosts": figures})
    command = ("rollout", "--group", "all", "--soak", "5s", "--yes")
    with two.on_terminal(*command, columns=columns, TZ="Europe/Berlin") as terminal:
        terminal.until(lambda text: bool(re.search(r"soak .* [345]s left", text)))
        terminal.until("left; north: 340 requests, 2 failed")
        terminal.until(lambda text: bool(re.search(r" [012]s left; north: 340", text)))
        assert terminal.end() == 0
    said = words_of(terminal)
    assert re.search(r"watching the first batch for 5s, until \d\d:\d\d:\d\d CET", said)
    assert "canary analysis: pass" in said


@WIDTHS
@pytest.mark.promise("A question's answers are named, each with what it does")
def test_a_question_names_its_answers_and_rolls_back_where_that_is_chosen(
    two: Fleet, columns: int
) -> None:
    world(two, (PULL, 0), analysis={"outcome": "inconclusive", "reasons": [QUESTION]})
    command = ("rollout", "--group", "all", "--soak", "0", "--yes")
    with two.on_terminal(*command, columns=columns) as terminal:
        terminal.until("Which? [w]")
        asked = terminal.lines[-5:]
        terminal.type("r\n")
        assert terminal.end() == 4
    assert asked == [
        "  g  go on      the next hosts are changed",
        "  r  roll back  the hosts of its first batch are rolled back, and the run ends",
        "  s  stop       the run ends; what was changed stays",
        "  w  wait       the run waits for an answer",
        "Which? [w]",
    ]
    said = words_of(terminal)
    assert "[y/N]" not in said
    assert f"Stopped: by an operator: {QUESTION}" in said
    assert "1 not started, 1 rolled back" in said
    assert terminal.colour_of("north: rolled back") != "green"


@WIDTHS
@pytest.mark.promise("The home screen names what needs an operator and the command for it")
def test_the_home_screen_and_the_list_name_a_run_that_waits_and_one_whose_terminal_was_closed(
    two: Fleet, columns: int
) -> None:
    world(two, (PULL, 0), analysis={"outcome": "inconclusive", "reasons": [QUESTION]})
    command = ("rollout", "--group", "all", "--soak", "0", "--yes")
    with two.on_terminal(*command, columns=columns) as terminal:
        terminal.until("Which? [w]")
        terminal.type("\n")
        assert terminal.end() == 7
    waiting = run_of(terminal.text)
    for answers in ("--go-on", "--roll-back", "--stop"):
        assert f"invoke run.resume {waiting} {answers}" in terminal.text

    world(two, (PULL, 60))
    with two.on_terminal("upgrade", "south", "--yes", columns=columns) as terminal:
        terminal.until(pulls_for(1))
        cut_off = run_of(terminal.text)
        terminal.process.kill()
        terminal.process.wait()

    with two.on_terminal(columns=columns) as home:
        assert home.end() == 0
    said = words_of(home)
    assert "rollout of north, south: paused, began " in said
    assert f"it asks: {QUESTION} try: invoke run.resume {waiting} --go-on" in said
    assert "# the hosts of its first batch are rolled back, and the run ends" in said
    assert f"    try: invoke run.resume {cut_off}" in home.lines
    assert "upgrade of south: interrupted, began " in said
    assert max(map(len, home.lines)) <= columns

    with two.on_terminal("run.list", columns=columns) as listed:
        assert listed.end() == 0
    head, *rows = listed.lines
    assert head.startswith("RUN ")
    assert [row.split()[0] for row in rows] == [cut_off, waiting], "a row each, its id whole"
    assert max(map(len, listed.lines)) <= columns


@WIDTHS
@pytest.mark.promise("A failure is told by its cause first")
def test_a_failure_is_told_by_its_cause_in_red_above_the_last_lines_of_the_noise(
    two: Fleet, columns: int
) -> None:
    step = "changemaker: bring up services"
    world(two, (step, 0), fails={"north": [step, [*NOISE, TAKEN]]})
    with two.on_terminal("configure", "north", "--yes", columns=columns) as terminal:
        assert terminal.end() == 4
    said = words_of(terminal)
    order = [
        "north was rolled back: port 8080 of the host is taken by another program: stop that, or"
        " give this one another port in the host's file",
        "in step 1 of 1 failed: changemaker: bring up services",
        "… 16 lines before: --verbose",
        "container noise 16",
        "port is already allocated",
        "try: invoke ssh --host north --command 'sudo ss -ltunp sport = :8080;",
        "try: invoke configure --host north",
        "Recap: 0 ok, 0 changed, 0 failed, 0 unreachable, 1 rolled back",
    ]
    assert [text for text in order if text not in said] == []
    assert sorted(order, key=said.index) == order
    assert "container noise 15" not in said
    assert terminal.colour_of("north was rolled back: port 8080") == "bold red"
    assert terminal.colour_of("north: rolled back") != "green"
    assert max(map(len, terminal.lines)) <= columns
