"""Whatever a host, a container or git says: a terminal shows it and obeys none of it."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.audit import append
from bunker.errors import BunkerError, ExitCode, Problems
from bunker.events import read_event
from bunker.outcomes import read_outcomes
from bunker.plan.changes import FleetPlan, HostPlan
from bunker.printable import json_text, printable, without_sequences
from bunker.terminal.console import print_lines
from bunker.terminal.json_reporter import JsonReporter
from bunker.terminal.lines import Line
from bunker.terminal.output import print_json, say, tell
from bunker.terminal.reporter import ask
from bunker.terminal.rich_reporter import RichReporter
from tests.unit.terminal.hostile import EVENTS, HOSTILE, OUTCOMES, PLAN, hostile, reports

ROOT = Path(__file__).resolve().parents[3]
COLOUR = re.compile("\x1b\\[[0-9;]*m")


def assert_shown(text: str) -> None:
    """All of it is printable, and it was there at all."""
    unfit = {character for character in text if not character.isprintable()} - {"\n", "\t"}
    assert unfit == set()
    assert "bad" in text
    assert " end" in text


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
            reporter.event(read_event(hostile(event)))
        spoiled = hostile({"west": "refused"})
        command = f"invoke deploy {HOSTILE}"
        plans = {plan.host: plan, HOSTILE: HostPlan(HOSTILE, (), "o", "w")}
        reporter.show_plan(FleetPlan(plans, spoiled, spoiled), command)
        reporter.confirm(HOSTILE)
        reporter.recap(read_outcomes(hostile(OUTCOMES)), reason=HOSTILE)
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
            reporter.event(read_event(event))
        reporter.recap(read_outcomes(hostile(OUTCOMES)), reason=HOSTILE)
    assert_shown(stream.getvalue())
    lines = stream.getvalue().splitlines()
    assert [json.loads(line) for line in lines[:-1]] == events
    assert json.loads(lines[-1])["reason"] == HOSTILE


@pytest.mark.parametrize(
    "name",
    ["status", "home", "health", "env.check", "run.list", "run.show", "history", "preflight"],
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
    "bunker/terminal/console.py",
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
