"""Whoever waits is told what still goes on, at least every half minute."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from bunker.events import Analysis, HostEnded, Soak, Soaking, Step
from bunker.terminal.lines import plain
from bunker.terminal.pulse import Pulse
from bunker.terminal.rich_reporter import RichReporter

PULL = Step(host="north", name="docker: pull", number=3, of=13, status="started")
FIGURES = {"north": {"requests": 340.0, "errors": 2.0}, "south": {"requests": None}}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.promise("A step that takes long says for how long already")
def test_a_long_step_is_told_every_half_minute_with_how_long_it_takes() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    pulse.take(PULL)
    told = {}
    for _ in range(70):
        clock.now += 1
        if lines := pulse.lines():
            told[clock.now - Clock.now] = plain(lines)
    assert told == {
        30: "north: [3/13] docker: pull: 30s so far\n",
        60: "north: [3/13] docker: pull: 1m so far\n",
    }
    pulse.take(replace(PULL, status="ok", seconds=70.0))
    clock.now += 100
    assert pulse.lines() == []


def test_a_step_is_told_of_although_other_hosts_get_on() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    pulse.take(PULL)
    for number in range(4, 12):
        pulse.take(replace(PULL, host="south", number=number, name=f"base: part {number}"))
        clock.now += 4
        pulse.take(replace(PULL, host="south", number=number, status="ok", seconds=4.0))
    assert plain(pulse.lines()) == "north: [3/13] docker: pull: 32s so far\n"
    pulse.take(HostEnded(host="north", outcome="changed", message="", commands=1))
    clock.now += 60
    assert pulse.lines() == []


def test_hosts_in_the_same_step_share_a_line_with_the_longest_time() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    for number in range(20):
        pulse.take(replace(PULL, host=f"host-{number:02}"))
        clock.now += 1
    clock.now += 30
    (line,) = pulse.lines()
    assert line.text == (
        "host-00, host-01, host-02, host-03, host-04, host-05 and 14 more:"
        " [3/13] docker: pull: 50s so far"
    )


def test_a_soak_says_how_long_it_lasts_and_what_was_seen() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    pulse.take(Soak(seconds=1800, until=clock.now + 1800))
    clock.now += 60
    assert pulse.soak() == "29m left"
    pulse.take(Soaking(until=clock.now + 1740, hosts=FIGURES))
    assert plain(pulse.lines()) == "soak: 29m left; north: 340 requests, 2 failed\n"
    pulse.take(Analysis(outcome="pass"))
    assert pulse.soak() == ""
    clock.now += 60
    assert pulse.lines() == []


def test_without_a_terminal_the_lines_are_told_while_nothing_happens() -> None:
    said = io.StringIO()
    clock = Clock()
    with RichReporter(out=io.StringIO(), err=said) as reporter:
        reporter._pulse = Pulse(clock)
        reporter.event(PULL)
        reporter.tick()
        clock.now += 31
        reporter.tick()
        reporter.tick()
    assert said.getvalue().count("31s so far") == 1
