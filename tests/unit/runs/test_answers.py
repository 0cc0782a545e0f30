"""A run that asks says what each answer does, and takes no other."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from invoke.context import Context

from bunker.cli import runs as commands
from bunker.events import Decided, Outcome, Paused, RunBatch, Step, read_event
from bunker.fleet import Fleet
from bunker.fleet.models import Host
from bunker.journal.records import RunRecord, RunRequest, Summary
from bunker.journal.summary import summarise
from bunker.outcomes import HostOutcome
from bunker.runs import control
from bunker.runs.armed_hosts import ArmedHosts
from bunker.runs.context import BACK, GO_ON, STOP, RunContext
from bunker.terminal.json_reporter import JsonReporter
from bunker.terminal.lines import plain
from bunker.terminal.reporter import choose
from bunker.terminal.run_text import ANSWERS, next_steps, show_lines

REQUEST = RunRequest("r-7", "rollout", "lab", "me", "invoke rollout", (RunBatch("a", ("north",)),))
CHOICES = {"go on": "the next hosts are changed", "stop": "the run ends", "wait": "it waits"}


def paused(*answers: str) -> RunRecord:
    summary = summarise(REQUEST, [Paused(reason="too few requests", answers=answers)])
    return RunRecord(REQUEST, Summary(summary.hosts, "paused", "", summary.paused, answers), 0, 0)


def test_the_answers_of_a_question_come_with_what_they_do() -> None:
    assert set(ANSWERS) == {GO_ON, BACK, STOP}
    shown = plain(show_lines(paused(GO_ON, STOP), now=1))
    assert "try: invoke run.resume r-7 --go-on  # the next hosts are changed\n" in shown
    assert "try: invoke run.resume r-7 --stop   # the run ends; what was changed stays\n" in shown
    assert "--roll-back" not in shown
    assert len(next_steps(paused(GO_ON, BACK, STOP))) == 3


def test_a_question_of_an_older_run_takes_every_answer() -> None:
    event = read_event({"event": "paused", "reason": "why"})
    assert summarise(REQUEST, [event]).answers == (GO_ON, BACK, STOP)
    assert summarise(REQUEST, [event, Decided(answer=STOP)]).answers == ()


def test_an_answer_that_the_question_does_not_take_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands, "_record", lambda *_: paused(GO_ON, STOP))
    monkeypatch.setattr(control, "execute", lambda *_, **__: pytest.fail("it was resumed"))
    with pytest.raises(SystemExit):
        commands.resume(Context(), run="r-7", roll_back=True)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("g\n", "go on"),
        ("GO ON\n", "go on"),
        ("s\n", "stop"),
        ("\n", "wait"),
        ("", "wait"),
        ("y\nno\ns\n", "stop"),
        ("what", "wait"),
    ],
)
def test_only_an_answer_is_taken_for_one(typed: str, answer: str) -> None:
    said = io.StringIO()
    assert choose("Well?", CHOICES, source=io.StringIO(typed), target=said) == answer
    assert "  g  go on  the next hosts are changed\n" in said.getvalue()
    assert said.getvalue().count("Which? [w] ") == max(1, typed.count("\n"))


@pytest.mark.parametrize(("picked", "given"), [("roll back", ["roll back"]), ("wait", [])])
def test_on_a_terminal_the_run_is_answered_or_left_waiting(
    picked: str, given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    asked: list[dict[str, str]] = []

    class Asked(JsonReporter):
        def choose(self, question: str, choices: Any) -> str:
            asked.append(dict(choices))
            return picked

    context = RunContext(Path(), REQUEST, lambda _event: None)
    event = Paused(reason="why", answers=(GO_ON, BACK, STOP))
    assert control._answered(context, Asked(), event) == bool(given)
    assert list(asked[0]) == [GO_ON, BACK, STOP, "wait"]
    assert [context.decision.get(timeout=1) for _ in given] == given
    assert context.decision.empty()


def step(title: str, status: str, moment: float) -> Step:
    name = f"changemaker: {title}"
    return Step(
        host="north",
        name=name,
        number=1,
        of=2,
        status=status,
        time=moment,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("steps", "until"),
    [
        ([("fetch the code", "ok", 10)], None),
        ([("prepare the rollback", "started", 10)], None),
        ([("prepare the rollback", "ok", 10)], 310),
        ([("prepare the rollback", "ok", 10), ("migrate", "started", 20)], 320),
        ([("prepare the rollback", "ok", 10), ("record generation", "failed", 40)], 340),
        ([("prepare the rollback", "ok", 10), ("record generation", "ok", 40)], None),
        ([("prepare the rollback", "ok", 10), ("outcome", "rolled back", 40)], None),
        ([("prepare the rollback", "ok", 10), ("outcome", "interrupted", 40)], 310),
    ],
)
def test_whoever_leaves_an_armed_change_is_told_when_the_host_rolls_back(
    steps: list[tuple[str, str, float]], until: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    data = {"name": "north", "address": "192.0.2.1", "domain": "a.example.org"}
    host = Host.model_validate({**data, "groups": ["changemaker"]})
    fleet = Fleet("lab", Path(), {"north": host})
    monkeypatch.setattr(RunContext, "load_fleet", lambda _context: fleet)
    armed = ArmedHosts()
    for title, status, moment in steps:
        if title == "outcome":
            result = HostOutcome(outcome=status)  # type: ignore[arg-type]
            armed.take(Outcome(host="north", result=result))
        else:
            armed.take(step(title, status, moment))
    said = armed.sentences(RunContext(Path(), REQUEST, lambda _event: None))
    if until is None:
        assert said == []
    else:
        moment = f"00:0{until // 60}:{until % 60:02} UTC"
        assert said == [f"north rolls back by itself at {moment} unless it is resumed"]


def test_a_host_whose_file_is_gone_is_not_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunContext, "load_fleet", lambda _context: Fleet("lab", Path(), {}))
    armed = ArmedHosts()
    armed.take(step("prepare the rollback", "ok", 10))
    assert armed.sentences(RunContext(Path(), REQUEST, lambda _event: None)) == []
