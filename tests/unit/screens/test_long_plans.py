"""A plan that is longer than the screen: the short one at once, the whole one through a pager."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest

from bunker.terminal.lines import Line
from bunker.terminal.pager import paged
from tests.unit.screens.conftest import Fleet

ROWS = 24


def change(number: int, **more: Any) -> dict[str, Any]:
    lines = [f"  ~ /etc/part-{number}.conf", *(f"    +line {n}" for n in range(30))]
    return {
        "role": "base",
        "subject": f"part-{number}",
        "symbol": "~",
        "summary": "1 file",
        "lines": lines,
        **more,
    }


@pytest.fixture
def long(fleet: Fleet, tmp_path: Path) -> Fleet:
    """A host with 620 lines to change, and data to lose."""
    fleet.add("north")
    last = change(20, loses="what was written since 9:00")
    fleet.world(plans={"north": {"changes": [*(change(n) for n in range(20)), last]}})
    pager = tmp_path / "programs" / "seen-by"
    pager.write_text('#!/bin/sh\necho "so many lines: $(wc -l)"\n')
    pager.chmod(0o755)
    return fleet


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.promise("A long plan ends with what matters; every line of it is one option away")
def test_the_short_plan_fits_a_screen_and_what_may_be_lost_stands_before_the_question(
    long: Fleet, columns: int
) -> None:
    with long.on_terminal("deploy", "north", columns=columns, rows=ROWS) as terminal:
        terminal.until("type the name of the host (north):")
        screen = terminal.lines
        terminal.type("\n")
        assert terminal.end() == 0
    assert screen[0].startswith("north: 21 changes"), "nothing scrolled away"
    assert "  ~ base: 21 changed: part-0, part-1" in screen[1]
    order = ["Plan: 1 host to change", "Apply it with: ", "MAY LOSE DATA", "what was written since"]
    places = [next(n for n, line in enumerate(screen) if text in line) for text in order]
    assert places == sorted(places)
    assert places[-1] == len(screen) - 2
    assert "+line" not in "\n".join(screen)


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.promise("A long plan ends with what matters; every line of it is one option away")
def test_the_whole_plan_goes_through_the_pager_and_the_short_one_stands_before_the_question(
    long: Fleet, columns: int
) -> None:
    command = ("deploy", "north", "--diff")
    with long.on_terminal(*command, columns=columns, rows=ROWS, PAGER="seen-by") as terminal:
        terminal.until("type the name of the host (north):")
        screen = terminal.text
        terminal.type("\n")
        assert terminal.end() == 0
    assert "so many lines: 6" in screen, "650 and some"
    below = screen.partition("so many lines: 6")[2]
    assert "+line" not in below
    for said in ("north: 21 changes", "21 changed: part-0", "Plan: 1 host", "MAY LOSE DATA"):
        assert said in below
    assert "--diff" not in below.partition("Apply it with")[0], "it was seen already"


def test_without_a_pager_of_ones_own_less_shows_it_in_colours(long: Fleet) -> None:
    with long.on_terminal("deploy", "north", "--diff", "--dry", columns=80, rows=ROWS) as terminal:
        terminal.until(lambda text: text.splitlines()[-1:] == [":"])
        assert terminal.lines[0].startswith("north: 21 changes")
        assert terminal.colour_of("+line 3") == "green"
        assert "ESC" not in terminal.text
        terminal.type("G")
        terminal.until("what was written since 9:00")
        terminal.type("\x03")
        time.sleep(0.3)
        assert terminal.process.poll() is None, "Ctrl-C is the pager's"
        terminal.type("q")
        assert terminal.end() == 0
    _, title, short = terminal.text.rpartition("north: 21 changes")
    assert title
    assert "Apply it with: invoke deploy" in short
    assert "+line" not in short


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (("--dry", "--yes"), {}),
        (("--dry",), {"CI": "true"}),
        (("--dry",), {"TERM": "dumb"}),
        (("--dry",), {"PAGER": ""}),
        (("--dry",), {"PAGER": "no-such-program"}),
    ],
)
def test_where_no_operator_reads_or_no_pager_starts_everything_is_printed(
    long: Fleet, words: tuple[str, ...], more: dict[str, str]
) -> None:
    more = {"PAGER": "seen-by", **more}
    with long.on_terminal("deploy", "north", "--diff", *words, columns=80, **more) as terminal:
        assert terminal.end() == 0
    assert "so many lines" not in terminal.text
    assert terminal.text.count("+line 29") > 5
    assert "MAY LOSE DATA" in terminal.text


def test_a_plan_that_fits_the_screen_needs_no_pager(long: Fleet) -> None:
    small = change(1) | {"lines": ["  +one"]}
    long.world(plans={"north": {"changes": [small]}})
    command = ("deploy", "north", "--diff", "--dry")
    with long.on_terminal(*command, columns=80, rows=ROWS, PAGER="seen-by") as terminal:
        assert terminal.end() == 0
    assert "so many lines" not in terminal.text
    assert "+one" in terminal.text


@pytest.mark.parametrize("watched", ["output", "input", ""])
def test_a_file_or_a_pipe_is_no_place_for_a_pager(
    watched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bunker.terminal.console import make_console

    monkeypatch.setenv("PAGER", "false")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("CI", raising=False)
    output, given = io.StringIO(), io.StringIO()
    for name, stream in (("output", output), ("input", given)):
        monkeypatch.setattr(stream, "isatty", lambda name=name: name == watched)
    assert not paged([Line("x")] * 500, make_console(output), given)
    assert output.getvalue() == ""
