"""The wrapper of every task: one sentence, the right exit code, a traceback only when asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest
from invoke.context import Context
from invoke.parser import Parser, ParserContext

from bunker.cli.command import OperatorTask, operator_command, run_guarded
from bunker.cli.deploy import plan
from bunker.cli.kinds import COMMANDS
from bunker.cli.options import Options, command_line, words
from bunker.errors import BunkerError, ExitCode, Interrupted, PlanStale, Problems


def raising(error: BaseException) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (BunkerError("it broke", where="a.yml", remedy="Fix it"), 1, "a.yml: it broke. Fix it."),
        (PlanStale("the plan no longer fits"), 6, "the plan no longer fits."),
        (Interrupted("stopped", remedy="Run it again"), 130, "stopped. Run it again."),
        (
            Problems("two things", [BunkerError("a"), BunkerError("b")]),
            1,
            "two things (2):\n  - a.\n  - b.",
        ),
    ],
)
def test_an_operators_error_is_one_sentence_and_its_code(
    error: BunkerError, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_guarded(raising(error), Options()) == code
    said = capsys.readouterr()
    assert said.err == f"{'' if code == 130 else 'error: '}{sentence}\n"
    assert said.out == ""


def test_ctrl_c_names_the_command_that_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/invoke", "deploy", "--host", "north *"])
    assert run_guarded(raising(KeyboardInterrupt()), Options()) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == ("interrupted. Go on with: invoke deploy --host 'north *'\n")
    assert command_line() == "invoke deploy --host 'north *'"
    again = "nox -s demo"
    assert run_guarded(raising(KeyboardInterrupt()), Options(), again=again) == 130
    assert capsys.readouterr().err == "interrupted. Go on with: nox -s demo\n"
    assert run_guarded(raising(ValueError()), Options(), again=again) == 1
    said = capsys.readouterr().err
    assert said.endswith("To try it again: nox -s demo\n")
    assert "invoke" not in said


def test_a_fault_of_ours_shows_neither_traceback_nor_its_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_guarded(raising(ValueError("canary-secret")), Options()) == ExitCode.ERROR
    said = capsys.readouterr().err
    assert said.startswith("error: internal error (ValueError")
    assert "--debug" in said
    assert "canary-secret" not in said
    assert "Traceback" not in said
    assert said.count("\n") == 1


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(raising(ValueError("why")), Options(debug=True)) == ExitCode.ERROR
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "ValueError: why" in said


def test_programs_get_the_error_on_stdout_too(capsys: pytest.CaptureFixture[str]) -> None:
    run_guarded(raising(PlanStale("too old")), Options(json=True))
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"event": "error", "message": "too old.", "exit_code": 6}


def make_task(body: Callable[..., ExitCode | None], **settings: object) -> OperatorTask:
    return operator_command(**settings)(body)  # type: ignore[arg-type]


def test_a_body_gets_the_options_and_its_own_arguments() -> None:
    seen: list[object] = []

    def body(options: Options, name: str, verbose: bool = False) -> None:
        """Do something."""
        seen.extend([options, name, verbose])

    task = make_task(body)
    flags = {flag for argument in task.get_arguments() for flag in argument.names}
    assert flags == {
        *("name", "verbose", "v"),
        *("host", "group", "tag", "fleet", "json", "debug", "yes"),
    }
    task(
        Context(),
        name="north",
        verbose=True,
        host=["a,b", "a"],
        group=["canary"],
        tag=[],
        fleet="lab",
        json=False,
        debug=False,
        yes=True,
    )
    expected = Options("lab", ("a", "b"), ("canary",), (), yes=True)
    assert seen == [expected, "north", True]


@pytest.mark.parametrize("code", [None, ExitCode.OK])
def test_success_does_not_end_the_process(code: ExitCode | None) -> None:
    task = make_task(lambda options: code, select=False, fleet=False)
    task(Context(), json=False, debug=False, yes=False)


def test_an_exit_code_ends_the_process_with_it() -> None:
    task = make_task(lambda options: ExitCode.SOME_HOSTS_FAILED, select=False, fleet=False)
    with pytest.raises(SystemExit) as ended:
        task(Context(), json=False, debug=False, yes=False)
    assert ended.value.code == 3


def test_words_are_split_and_kept_once() -> None:
    assert words(["a,b", " c ,", "a"]) == ("a", "b", "c")
    assert words([]) == ()


def test_a_repeated_command_names_the_fleet_only_where_it_was_given() -> None:
    plain, named = Options().repeat(), Options("lab").repeat("invoke deploy", "--ref", "v 2")
    assert plain.again("north") == "invoke deploy --host north"
    assert named.again("north") == "invoke deploy --fleet lab --ref 'v 2' --host north"
    assert named.other("ssh", "north") == "invoke ssh --fleet lab --host north"


@pytest.mark.parametrize("option", ["--role", "--tags"])
@pytest.mark.parametrize("command", ["deploy", "plan"])
def test_a_role_may_be_named_by_the_alias_too(option: str, command: str) -> None:
    tasks = {task.name: task for task in (*COMMANDS.values(), plan)}
    context = ParserContext(name=command, args=tasks[command].get_arguments())
    (parsed,) = Parser(contexts=[context]).parse_argv([command, option, "base,env"])
    assert parsed.args["role"].value == ["base,env"]


def test_a_rollout_without_an_analysis_may_be_asked_for_by_the_former_name() -> None:
    rollout = COMMANDS["rollout"]
    context = ParserContext(name="rollout", args=rollout.get_arguments())
    (parsed,) = Parser(contexts=[context]).parse_argv(["rollout", "--no-judgement"])
    assert parsed.args["no_analysis"].value is True
