"""Whatever a host, a container or git says: a terminal shows it and obeys none of it."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.application.envcheck import EnvCheck
from bunker.audit import append
from bunker.errors import BunkerError, ExitCode, Problems
from bunker.generations import Generation
from bunker.journal.records import RunBatch, RunRecord, RunRequest
from bunker.lease.holder import LeaseHolder
from bunker.maintenance.maintenance import Maintenance
from bunker.plan.changes import Change, HostPlan
from bunker.printable import json_text, printable, without_sequences
from bunker.terminal.generations_text import history_lines
from bunker.terminal.json_reporter import JsonReporter
from bunker.terminal.lines import Line
from bunker.terminal.output import print_json, print_lines, say, tell
from bunker.terminal.preflight_text import preflight_lines
from bunker.terminal.recap_text import Repeat
from bunker.terminal.reporter import ask
from bunker.terminal.rich_reporter import RichReporter
from bunker.terminal.run_text import list_lines, show_lines
from bunker.terminal.status_text import env_check_lines, health_lines, status_lines
from bunker.workflows.health import Verdict
from bunker.workflows.preflight import Finding
from bunker.workflows.probe import Container, Health, Probe
from bunker.workflows.status import HostStatus

ROOT = Path(__file__).resolve().parents[3]
COLOUR = re.compile("\x1b\\[[0-9;]*m")
CONTROLS = "".join(map(chr, [*range(10), *range(11, 32), *range(127, 160)]))
HOSTILE = (
    "bad\x1b[2K\x1b[1A\x1b]0;title\x07\x1b]8;;http://evil\x1b\\link\x1bP+q\x1b\\\x9b2J\r\b\b\b"
    f"{CONTROLS}\u202egnp.exe\u2066\u200b\ufeff\u2028\u2029\xad\U000e0041\udc9b\ue000 end"
)


def assert_shown(text: str) -> None:
    """All of it is printable, and it was there at all."""
    unfit = {character for character in text if not character.isprintable()} - {"\n", "\t"}
    assert unfit == set()
    assert "bad" in text
    assert " end" in text


def hostile(value: Any, *kept: str) -> Any:
    """The same data with every text of a host or an operator spoiled."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, dict):
        own = {"event", "status", "outcome", "symbol", "plan_hash", "kind", "state"} | set(kept)
        return {k: v if k in own else hostile(v, *kept) for k, v in value.items()}
    return [hostile(item, *kept) for item in value] if isinstance(value, list | tuple) else value


CHANGE = Change("base", "sshd", "~", "1 file", ("- old", "+ new"), restarts=("ssh",))
PLAN = HostPlan("north", (CHANGE,), "o", "w")
STEP = {"event": "step", "host": "north", "name": "base: sshd", "number": 1, "of": 2}
OUTCOMES: dict[str, dict[str, Any]] = {
    "east": {
        "outcome": "failed",
        "message": "step 5",
        "commands": 1,
        "step": "changemaker: up",
        "output": ["one", "two"],
        "choice": "restore",
        "generation": {"number": 3},
    },
    "south": {"outcome": "rolled back", "message": "x", "output": ["y"]},
    "west": {"outcome": "unreachable", "message": "refused"},
    "x-1": {"outcome": "not started", "message": "m"},
    "x-2": {"outcome": "changed", "message": "m", "commands": 2},
}
EVENTS: list[dict[str, Any]] = [
    {"event": "connected", "host": "north"},
    {"event": "planned", "host": "north", "plan": PLAN.to_json(), "commands": 3},
    {"event": "unreachable", "host": "west", "message": "refused"},
    {"event": "failed", "host": "west", "message": "refused"},
    {"event": "ready"},
    {**STEP, "status": "started"},
    {**STEP, "status": "ok", "seconds": 1.2, "output": ["reloaded\nagain"]},
    {**STEP, "status": "failed", "seconds": 0.1, "output": ["boom"]},
    {"event": "log", "host": "north", "message": "a log line\nand more"},
    {"event": "host", "host": "north", "outcome": "failed", "message": "step 2", "commands": 9},
    {"event": "stopping"},
    {"event": "begin", "run": "r", "kind": "deploy", "batches": [{"name": "a", "hosts": ["n"]}]},
    {"event": "batch", "name": "canary", "number": 1, "of": 2, "hosts": ["north"]},
    {"event": "waiting", "host": "north", "message": "held by anna"},
    {"event": "way_back", "hosts": ["north"]},
    {"event": "gate", "outcome": "fail", "reason": "why", "hosts": ["north"]},
    {"event": "soak", "seconds": 3, "until": 5.0},
    {"event": "judgement", "outcome": "fail", "reasons": ["why"]},
    {"event": "paused", "reason": "why"},
    {"event": "decided", "answer": "go on"},
    {"event": "waits", "run": "r", "message": "goes on", "commands": ["invoke run.watch r"]},
    {"event": "warning", "message": "careful"},
    {"event": "outcome", "host": "north", "outcome": "failed", "message": "m"},
    {"event": "done"},
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.promise("A terminal shows what hosts say and obeys none of it")
@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("verbose", [False, True])
def test_a_run_is_shown_and_not_obeyed(
    terminal: bool, verbose: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
    plan = HostPlan.from_json(hostile(PLAN.to_json()))
    with RichReporter(verbose=verbose, out=out, err=err, source=Terminal("y\n")) as reporter:
        for event in EVENTS:
            reporter.event(hostile(event))
        spoiled = hostile({"west": "refused"})
        reporter.show_plan([plan], [HOSTILE], spoiled, spoiled, f"invoke deploy {HOSTILE}")
        reporter.confirm(HOSTILE)
        reporter.recap(hostile(OUTCOMES), reason=HOSTILE)
    shown = [out.getvalue(), err.getvalue()]
    if terminal:
        # What rich itself writes: colours, and the live display with its movements.
        live = re.compile("\x1b\\[(?:2K|1A|\\?25[lh])|\r")
        shown = [live.sub("", COLOUR.sub("", text)) for text in shown]
    for text in shown:
        assert_shown(text)


def test_json_of_a_run_is_printable_and_says_the_same() -> None:
    stream = io.StringIO()
    events = [hostile(event) for event in EVENTS]
    with JsonReporter(stream=stream) as reporter:
        for event in events:
            reporter.event(event)
        reporter.recap(hostile(OUTCOMES), reason=HOSTILE)
    assert_shown(stream.getvalue())
    lines = stream.getvalue().splitlines()
    assert [json.loads(line) for line in lines[:-1]] == events
    assert json.loads(lines[-1])["reason"] == HOSTILE


def probe() -> Probe:
    return Probe(
        uptime_seconds=5,
        disk_used=95,
        disk_free=5,
        generation={"number": 3, "ref": HOSTILE, "commit": "c", "time": HOSTILE},
        engine="",
        containers=(Container(HOSTILE, "running", HOSTILE, HOSTILE),),
        health=Health(503, HOSTILE),
        installed=True,
        maintenance=Maintenance(5, HOSTILE, HOSTILE, HOSTILE, 1, 5),
        lease=LeaseHolder("north", HOSTILE, HOSTILE, HOSTILE, 5, 5),
    )


def record() -> RunRecord:
    request = RunRequest(
        run=HOSTILE,
        kind="deploy",
        fleet=HOSTILE,
        by=HOSTILE,
        command=HOSTILE,
        batches=(RunBatch(HOSTILE, (HOSTILE,)),),
        retry_of=HOSTILE,
    )
    judgements = [{"outcome": "fail", "reasons": [HOSTILE]}]
    summary = {"hosts": hostile(OUTCOMES), "reason": HOSTILE, "judgements": judgements}
    return RunRecord(request, "failed", 1.0, 5.0, summary)


def generations() -> list[Generation]:
    data = {
        "number": 1,
        "time": "2026-11-20T12:00:00Z",
        "run": HOSTILE,
        "commit": HOSTILE,
        "ref": HOSTILE,
        "configuration": HOSTILE,
        "migration_head": HOSTILE,
        "images": {HOSTILE: HOSTILE},
    }
    return [Generation.from_record(data, kept=False, where="north")]


def reports() -> dict[str, Iterable[Line]]:
    down = HostStatus("north", HOSTILE, Verdict("unreachable", (HOSTILE,)))
    sick = HostStatus("north", HOSTILE, Verdict("unhealthy", (HOSTILE,)), probe())
    error = BunkerError(HOSTILE, where=HOSTILE, expected=HOSTILE, remedy=HOSTILE)
    checked = EnvCheck((HOSTILE,), (HOSTILE,), ())
    finding = Finding(HOSTILE, problems=[error], notes=(HOSTILE,))
    return {
        "status": status_lines([down, sick]),
        "health": health_lines(sick, Repeat()),
        "env.check": env_check_lines({HOSTILE: checked, "south": error}),
        "run.list": list_lines([record()]),
        "run.show": show_lines(record()),
        "history": history_lines(HOSTILE, generations(), datetime(2026, 11, 21, tzinfo=UTC)),
        "preflight": preflight_lines([finding], Repeat()),
    }


@pytest.mark.parametrize(
    "name", ["status", "health", "env.check", "run.list", "run.show", "history", "preflight"]
)
def test_a_report_is_shown_and_not_obeyed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(reports()[name])
    assert_shown(capsys.readouterr().out)


def test_every_line_and_every_word_to_an_operator_is_printable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert_shown(Line(HOSTILE).text)
    say(HOSTILE)
    print_json({HOSTILE: [HOSTILE]})
    assert_shown(capsys.readouterr().out)
    tell(HOSTILE)
    with pytest.raises(BunkerError):
        ask(HOSTILE)
    assert_shown(capsys.readouterr().err)
    asked = io.StringIO()
    ask(HOSTILE, source=Terminal("n\n"), target=asked)
    assert_shown(asked.getvalue())
    error = Problems(HOSTILE, [BunkerError(HOSTILE)])
    assert_shown(str(error))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_becomes_printable_and_json_loses_nothing(text: str) -> None:
    assert printable(text, keep="").isprintable()
    assert printable(printable(text)) == printable(text)
    assert json_text({text: text}).isprintable()
    assert json.loads(json_text({text: [text]}, indent=2)) == {text: [text]}


def test_colours_of_a_program_are_left_out_and_half_a_sequence_is_shown() -> None:
    coloured = "\x1b[32minfo\x1b[0m \x1b[2Kdone\x9b1m \x1b]0;title\x07\x1b]8;;x\x1b\\ok\x1b["
    assert without_sequences(coloured) == "info done ok\x1b["
    assert printable(without_sequences(coloured)) == r"info done ok\x1b["


WRITERS = {
    "bunker/terminal/output.py",
    "bunker/terminal/rich_reporter.py",
    "bunker/terminal/reporter.py",
    "bunker/ops/terminal_guard.py",
}


@pytest.mark.promise("A terminal shows what hosts say and obeys none of it")
def test_only_the_one_way_out_writes_to_a_terminal() -> None:
    found = set()
    for path in [*(ROOT / "bunker").rglob("*.py"), *(ROOT / "deploys").rglob("*.py")]:
        name = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            prints = re.search(
                r"(^|\.)(print|print_exc|print_exception|secho|echo)$"
                r"|std(out|err)(\.buffer)?\.write(lines)?$",
                called,
            )
            if prints and name not in WRITERS:
                found.add(f"{name}:{node.lineno}: {called}")
    assert found == set()


def invoke(root: Path, *words: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "BUNKER_ROOT": str(root), **more}
    return subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.promise("A terminal shows what hosts say and obeys none of it")
def test_the_command_line_itself_shows_and_does_not_obey(tmp_path: Path) -> None:
    (tmp_path / "inventories" / "production").mkdir(parents=True)
    (tmp_path / "inventories" / "production.py").touch()
    named = "bad\x1b[2J\u202e end"
    append(tmp_path, "production", "run.started", hosts=[named], what={"reason": named})
    shown = invoke(tmp_path, "audit.show")
    assert_shown(shown.stdout.decode())
    answer = invoke(tmp_path, "audit.show", "--json").stdout.decode()
    assert_shown(answer)
    assert json.loads(answer)["entries"][0]["hosts"] == [named]
    for words in (("instance.show", named), ("instance.show", named, "--debug", "--json")):
        refused = invoke(tmp_path, *words)
        assert refused.returncode == ExitCode.ERROR
        assert_shown(refused.stderr.decode())
    # A terminal that has not got a character is no reason to fail either.
    plain = invoke(tmp_path, "audit.show", PYTHONIOENCODING="ascii")
    assert plain.returncode == ExitCode.OK
    assert plain.stdout.isascii()
