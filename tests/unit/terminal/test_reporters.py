"""The reporters: what goes to which stream, who is asked, and that nothing blocks."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from bunker.cli.options import Options
from bunker.errors import BunkerError
from bunker.events import (
    Connected,
    Done,
    Event,
    HostEnded,
    Log,
    Planned,
    Ready,
    Step,
    Unreachable,
)
from bunker.outcomes import HostOutcome
from bunker.plan.changes import Change, FleetPlan, HostPlan
from bunker.terminal.event_text import event_lines
from bunker.terminal.json_reporter import JsonReporter
from bunker.terminal.lines import plain, table
from bunker.terminal.reporter import ask
from bunker.terminal.rich_reporter import RichReporter

PLAN = HostPlan("north", (Change("base", "sshd", "~", "1 file", restarts=("ssh",)),), "o", "w")
STEP = Step(host="north", name="base: sshd", number=1, of=2, status="started")
SECOND = replace(STEP, number=2, name="base: firewall")
EVENTS: list[Event] = [
    Connected(host="north"),
    Planned(host="north", plan=PLAN, commands=3),
    Unreachable(host="west", message="refused"),
    Ready(),
    STEP,
    replace(STEP, status="ok", seconds=1.234, output=("reloaded",)),
    SECOND,
    replace(SECOND, status="failed", seconds=0.1, output=("boom",)),
    Log(host="north", message="a log line"),
    HostEnded(host="north", outcome="failed", message="step 2", commands=9),
    Done(),
]
CHANGED = {"a": HostOutcome(outcome="changed")}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(reporter: RichReporter | JsonReporter) -> None:
    with reporter:
        for event in EVENTS:
            reporter.event(event)
            if isinstance(event, Ready):
                plans = {"north": PLAN, "south": HostPlan("south", (), "o", "w")}
                found = FleetPlan(plans, unreachable={"west": "refused"})
                reporter.show_plan(found, "invoke deploy")
        reporter.recap({"north": HostOutcome(outcome="failed", message="step 2", commands=9)})


def test_without_a_terminal_progress_is_plain_lines_on_stderr() -> None:
    out, err = io.StringIO(), io.StringIO()
    run(RichReporter(out=out, err=err))
    assert err.getvalue().splitlines() == [
        "north: planned, 1 change",
        "north: [1/2] base: sshd: ok (1.2 s)",
        "north: [2/2] base: firewall: failed (0.1 s)",
        "north | a log line",
        "north: failed: step 2",
    ]
    assert out.getvalue().count("west: unreachable: refused") == 1
    assert "Plan: 1 host to change, 1 restart, 1 unchanged, 1 unreachable" in out.getvalue()
    assert "Recap: 0 ok, 0 changed, 1 failed" in out.getvalue()
    assert "\x1b" not in out.getvalue() + err.getvalue()


def test_verbose_shows_every_steps_output() -> None:
    text = "".join(plain(event_lines(event, verbose=True)) for event in EVENTS)
    assert "north: connected\n" in text
    assert "north: [1/2] base: sshd\n" in text
    assert "north | reloaded\n" in text


def test_on_a_terminal_a_live_display_runs_and_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out, err = io.StringIO(), Terminal()
    reporter = RichReporter(out=out, err=err)
    run(reporter)
    assert reporter._progress is None
    assert "hosts planned" in err.getvalue()
    assert "base: firewall: failed" in err.getvalue()
    assert "\x1b[?25h" in err.getvalue(), "the cursor must be shown again"
    assert "\x1b" not in out.getvalue()


def test_the_terminal_is_given_back_when_a_run_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    err = Terminal()
    reporter = RichReporter(out=io.StringIO(), err=err)
    with pytest.raises(BunkerError), reporter:
        reporter.event(EVENTS[0])
        raise BunkerError("the worker died")
    assert err.getvalue().rindex("\x1b[?25h") > err.getvalue().rindex("\x1b[?25l")
    assert reporter._progress is None


def test_colours_only_on_a_terminal_and_never_with_no_color(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, bare = Terminal(), Terminal()
    RichReporter(out=coloured, err=io.StringIO()).recap(CHANGED)
    assert "\x1b[32m" in coloured.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    RichReporter(out=bare, err=io.StringIO()).recap(CHANGED)
    assert "\x1b[32m" not in bare.getvalue()


def test_json_is_one_object_a_line() -> None:
    stream = io.StringIO()
    run(JsonReporter(stream=stream))
    objects = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [item["event"] for item in objects] == [
        *[event.event for event in EVENTS[:4]],
        "plan",
        *[event.event for event in EVENTS[4:]],
        "recap",
    ]
    planned = next(item for item in objects if item["event"] == "plan")
    assert planned["change"] == ["north"]
    assert planned["restarts"] == {"north": ["ssh"]}
    assert planned["summary"].startswith("Plan: 1 host to change")
    assert objects[-1]["counts"]["failed"] == 1
    assert objects[-1]["hosts"]["north"]["next_commands"] == ["invoke deploy --host north"]


@pytest.mark.parametrize(
    ("answer", "consent"),
    [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False), ("yo\n", False), ("", False)],
)
def test_only_a_clear_yes_is_a_yes(answer: str, consent: bool) -> None:
    asked = io.StringIO()
    assert ask("Apply?", source=Terminal(answer), target=asked) is consent
    assert asked.getvalue().startswith("Apply? [y/N] ")


def test_without_a_terminal_nobody_is_asked() -> None:
    with pytest.raises(BunkerError, match="--yes"):
        ask("Apply?", source=io.StringIO("y\n"), target=io.StringIO())
    assert ask("Apply?", yes=True, source=io.StringIO())


def test_the_reporter_is_chosen_by_the_options() -> None:
    assert isinstance(Options(json=True).reporter(), JsonReporter)
    assert isinstance(Options().reporter(verbose=True), RichReporter)


def test_a_table_is_as_wide_as_its_widest_cells() -> None:
    lines = table(("HOST", "NOTE"), [("a", "x"), ("north-1", "\x1b[1m")])
    assert [line.text for line in lines] == ["HOST     NOTE", "a        x", r"north-1  \x1b[1m"]
