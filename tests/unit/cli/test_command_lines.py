"""A command line with a fault is refused in a sentence that leads on, before anything is done."""

from __future__ import annotations

import io
import os
import pty
import sys
from types import SimpleNamespace

import pytest
from invoke.parser import Parser, ParserContext

from bunker.cli import hosts, instance, runs
from bunker.cli.command import OperatorTask
from bunker.cli.front import check
from bunker.cli.options import Options
from bunker.cli.pick import Pick, several
from bunker.errors import BunkerError, Declined
from bunker.tasks import namespace


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("deplyo", "there is no command 'deplyo'. Perhaps deploy was meant."),
        ("secrets.ste", "there is no command 'secrets.ste'. Perhaps secrets.set"),
        ("xyzzy", "there is no command 'xyzzy'. See: invoke --list."),
        ("deploy --hots north", "deploy has no option --hots. Perhaps --host was meant."),
        ("deploy --qqq", "deploy has no option --qqq. See: invoke --help deploy."),
        ("deploy -x", "deploy has no option -x. See: invoke --help deploy."),
        ("rollout --no-jugdement", "Perhaps --no-analysis was meant."),
        ("logs --host", "--host needs a value. See: invoke --help logs."),
        ("status --json=1", "--json takes no value."),
        ("diff 3", "diff needs NEWER. See: invoke --help diff."),
        ("run.cancel 3f --dry", "run.cancel has no option --dry. See: invoke --help run.cancel."),
        ("diff 3 4 north", "diff takes no word 'north' here."),
        ("--lst", "invoke has no option --lst. Perhaps --list was meant."),
    ],
)
@pytest.mark.promise("Whatever is misspelt, what was meant is named")
def test_a_fault_is_named_with_what_was_probably_meant(
    line: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = line.split()
    monkeypatch.setattr(sys, "argv", ["invoke", *given])
    with pytest.raises(BunkerError) as refused:
        check(given, namespace)
    if "jugdement" in line:
        assert str(refused.value).startswith("rollout has no option --no-jugdement. ")
    else:
        assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--list",
        "--list secrets",
        "--help deploy",
        "deploy --help",
        "--help apply",
        "apply --help",
        "apply -h",
        "ssh north -- ls -l",
        "deploy --host north --yes",
        "deploy --host=north -v",
        "deploy north south --dry",
        "deploy north status",
        "diff 3 current --host north",
        "run.resume",
        "run.resume 3f2a --go-on",
        "instance.show",
        "rollout --group all --no-judgement",
        "deploy --tags base --host north",
        "ssh --host north --command '-l'",
        "--complete -- deplyo --hots",
        "deploy north -- --anything",
    ],
)
def test_what_invoke_takes_is_not_refused(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = line.split()
    monkeypatch.setattr(sys, "argv", ["invoke", *given])
    check(given, namespace)


def parsed(line: str, name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setattr(sys, "argv", ["invoke", *line.split()])
    contexts = [
        ParserContext(one, args=namespace[one].get_arguments())
        for one in sorted(namespace.task_names)
    ]
    (found,) = [one for one in Parser(contexts).parse_argv(line.split()) if one.name == name]
    return {key: value.value for key, value in found.args.items()}


@pytest.mark.promise("Whatever is misspelt, what was meant is named")
def test_hosts_are_plain_words_up_to_the_next_command(monkeypatch: pytest.MonkeyPatch) -> None:
    found = parsed("deploy north --group eu south status", "deploy", monkeypatch)
    assert (found["host_0"], found["host_1"], found["group"]) == ("north", "south", ["eu"])
    assert "host_2" not in found
    assert parsed("deploy north status", "status", monkeypatch)["host"] == []


def test_a_word_that_can_be_picked_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not parsed("run.resume --go-on", "run.resume", monkeypatch)["run"]
    assert parsed("run.resume 3f --go-on", "run.resume", monkeypatch)["run"] == "3f"


FOUND = (("r-1", "upgrade of north: paused"), ("r-2", "deploy of south: interrupted"))


def types(monkeypatch: pytest.MonkeyPatch, text: str) -> io.StringIO:
    """Somebody at a real terminal types this; returns what is shown there."""
    ours, theirs = pty.openpty()
    os.write(ours, text.encode())
    monkeypatch.setattr(sys, "stdin", os.fdopen(theirs))
    said = io.StringIO()
    monkeypatch.setattr(said, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", said)
    return said


@pytest.mark.parametrize(
    ("typed", "chosen"), [("2\n", "r-2"), ("r-1\n", "r-1"), ("3\n", None), ("\n", "")]
)
@pytest.mark.promise("Whatever is misspelt, what was meant is named")
def test_on_a_terminal_one_picks_by_number_or_name(
    typed: str, chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = types(monkeypatch, typed)
    pick = Pick("run", lambda _options: FOUND)
    if chosen:
        assert pick(Options()) == chosen
    else:
        with pytest.raises(BunkerError if chosen is None else Declined):
            pick(Options())
    assert "   1  r-1  upgrade of north: paused\n" in said.getvalue()
    assert "Which run? " in said.getvalue()


def test_a_single_candidate_is_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = types(monkeypatch, "\n")
    assert Pick("run", lambda _options: FOUND[:1])(Options()) == "r-1"
    assert "Which run? [1] " in said.getvalue()


def test_without_a_terminal_the_candidates_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(BunkerError, match="the run is missing; expected one of r-1, r-2"):
        Pick("run", lambda _options: FOUND)(Options())
    with pytest.raises(BunkerError, match="no run that this could be about"):
        Pick("run", lambda _options: ())(Options())


def test_hosts_are_chosen_by_numbers_names_and_patterns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = types(monkeypatch, "2, north w*\n")
    fleet = SimpleNamespace(
        hosts={n: SimpleNamespace(name=n, domain=n) for n in ("north", "south")}
    )
    assert several(fleet) == ("south", "north", "w*")  # type: ignore[arg-type]
    assert "Which hosts?" in said.getvalue()


def test_commands_about_a_run_or_a_host_offer_those_it_can_be() -> None:
    for task in (runs.show, runs.watch, runs.resume, runs.cancel, runs.retry_failed):
        assert list(task.picks) == ["run"], task.name
    for task in (instance.show, instance.trust, instance.remove):
        assert list(task.picks) == ["name"], task.name
    for task in (hosts.status, hosts.health, hosts.logs, hosts.ssh):
        assert isinstance(task, OperatorTask)
        assert task.words == "host", task.name
