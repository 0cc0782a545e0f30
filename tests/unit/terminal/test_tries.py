"""What the product says to try: from where it comes, and that each is a command that exists.

Those of the causes are run as printed on a real host, in the state that prints them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from bunker.causes import CAUSES, ROOM
from bunker.events import RunBatch
from bunker.journal.records import ENDED, RunRecord, RunRequest, Summary
from bunker.outcomes import HostOutcome, Word
from bunker.runs.context import BACK, GO_ON, STOP
from bunker.tasks import namespace
from bunker.terminal import hints
from bunker.terminal.next_steps import steps_for
from bunker.terminal.recap_text import Repeat, next_commands
from bunker.terminal.run_text import STYLES, next_steps
from bunker.workflows.health import assess
from bunker.workflows.status import HostStatus, Verdict
from tests.unit.workflows.probe_answers import HEALTHY, UP, encoded, probe

ROOT = Path(__file__).parents[3]
REPEAT = Repeat("invoke deploy --fleet lab", "lab", "invoke deploy --fleet lab")
PRINTERS = {
    "bunker/terminal/home_text.py": "invoke instance.add, steps_for, next_steps, Repeat.again",
    "bunker/terminal/recap_text.py": "next_commands",
    "bunker/terminal/run_text.py": "next_steps",
    "bunker/terminal/status_text.py": "steps_for",
}
"""Every file that prints `try:`, and what makes those commands: each is gone through below."""
ON_HOSTS = {
    "blocked by a failed migration": "failed half-way before, and no other is applied",
    "a migration failed": "failed in the database",
}
"""Causes whose test on a host names their sentence (tests/lab/test_worst_day.py)."""


def test_all_that_is_to_be_tried_comes_from_these_places() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("bunker", "deploys")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"""["' ]try: \{""", path.read_text())
    }
    assert found == set(PRINTERS)


def test_every_cause_is_brought_about_on_a_real_host_and_led_out_of() -> None:
    texts = [
        path.read_text()
        for tier in ("lab", "deep")
        for path in sorted((ROOT / "tests" / tier).glob("test_*.py"))
    ]
    for cause in CAUSES:
        named = f'"{cause.name}",', f'"{ON_HOSTS.get(cause.name, cause.name)}" in '
        assert any(name in text for name in named for text in texts), cause.name


def record(state: str, *answers: str) -> RunRecord:
    request = RunRequest("r-7", "rollout", "lab", "me", "invoke rollout", (RunBatch("a", ("n",)),))
    return RunRecord(request, Summary({}, state, "", "why" if answers else "", answers), 0, 0)  # type: ignore[arg-type]


def of_runs() -> Iterator[str]:
    for state in STYLES:
        made = next_steps(record(state, *((GO_ON, BACK, STOP) if state == "paused" else ())))
        assert made or state == "done", state
        yield from made
    assert set(ENDED) <= set(STYLES)


def of_hosts() -> Iterator[str]:
    """Every branch of what a state calls for: on the short form's application, and on another."""
    sick = encoded(503, {"status": "error", "checks": {"redis": "down"}})
    full = replace(probe(HEALTHY, UP), disk_used=97, disk_free=3)
    broken = replace(probe(HEALTHY, UP), failed_migrations=("20250310_drop",))
    stopped = probe(sick, "api|exited|none|1|-|a-api-1|Exited (1) 3 minutes ago\n")
    for found in (full, broken, stopped, probe(sick, UP), probe(HEALTHY, UP, None)):
        for application in ("", "wiki"):
            one = HostStatus("north", "n.example", assess(found), found, application=application)
            yield from steps_for(one, REPEAT)
            unfinished = replace(one, verdict=Verdict("unfinished", ()))
            yield from steps_for(unfinished, REPEAT)
    yield from steps_for(HostStatus("north", "n.example", Verdict("unreachable", ())), REPEAT)


def of_recaps() -> Iterator[str]:
    titles = ("fetch the code", "pull and build images", "migrate", "health gate", "settle")
    steps = [f"{name}: {title}" for name in ("changemaker", "wiki", "os") for title in titles]
    outputs = ("", "--- api (x-api-1) is restarting (1); its last log lines:")
    for step in (*hints._LOGS_OF_STEP, *steps):
        for kind in get_args(Word):
            for output in outputs:
                data = {"outcome": kind, "message": "why", "step": step, "output": [output]}
                outcome = HostOutcome.from_json(data)
                yield from next_commands("north", outcome, REPEAT)


def problem_of(words: Sequence[str]) -> str:
    """What is wrong with a command; empty where nothing is."""
    program, task, *rest = words
    if program != "invoke" or task not in namespace.task_names:
        return f"there is no {program} {task}"
    known = {f"--{name}" for one in namespace[task].declared() for name in one.names}
    unknown = [word for word in rest if word.startswith("--") and word not in known]
    return f"{task} has no {unknown}" if unknown else ""


@pytest.mark.parametrize("made", [of_runs, of_hosts, of_recaps])
def test_every_command_that_is_offered_exists_and_names_its_host_or_run(made: object) -> None:
    commands = set(made())  # type: ignore[operator]
    assert len(commands) > 3
    for command in commands:
        words = shlex.split(command)
        assert problem_of(words) == "", command
        assert words[1].startswith("run.") or "--host" in words, command


def test_what_looks_at_a_full_disk_is_the_same_in_a_recap_and_in_a_status() -> None:
    full = replace(probe(HEALTHY, UP), disk_used=97, disk_free=3)
    (step,) = steps_for(HostStatus("north", "n.example", assess(full), full), Repeat())
    assert step == f"invoke ssh --host north {' '.join(ROOM[1:])}"
