"""What is printed fits the terminal: rows are cut, sentences wrapped, commands left whole."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from bunker.plan.changes import Change, FleetPlan, HostPlan
from bunker.terminal.console import print_lines
from bunker.terminal.lines import Line, fitted, plain, table
from bunker.terminal.output import say, tell
from bunker.terminal.plan_text import plan_lines
from bunker.terminal.run_text import explained

ROWS = [
    ("20261127T120000Z-ab12", "rollout", "production", "interrupted", "3 d 4 h ago", "anna@desk",
     "12 changed, 3 not started"),
    ("20261127T120001Z-ab13", "deploy", "lab", "done", "5 min ago", "b@x", "1 ok"),
]  # fmt: skip
HEADERS = ("RUN", "KIND", "FLEET", "STATE", "BEGAN", "BY", "HOSTS")


def shown(lines: list[Line], width: int, *, terminal: bool = True) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=terminal, color_system=None)
    print_lines(lines, console)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.promise("What is printed fits the terminal, each thing once")
def test_a_row_of_a_table_is_one_line_whose_first_column_is_whole(width: int) -> None:
    lines = shown(table(HEADERS, ROWS), width)
    assert len(lines) == 3
    assert max(map(len, lines)) <= width
    assert lines[1].startswith("20261127T120000Z-ab12  ")
    assert ("…" in lines[1]) == (width < 110)


def test_what_no_terminal_reads_is_never_cut() -> None:
    assert "\n".join(shown(table(HEADERS, ROWS), 40, terminal=False)) + "\n" == plain(
        table(HEADERS, ROWS)
    )


def test_what_is_there_to_be_copied_is_never_cut() -> None:
    (_, row) = shown(table(("KEY", "VALUE"), [("a", "x" * 90)], whole=True), 80)
    assert row.endswith("x" * 90)


def test_a_long_sentence_is_wrapped_at_words_and_indented() -> None:
    text = "  north: " + "the API answers 503 and " * 6
    lines = shown([Line(text.rstrip(), "bad")], 60)
    assert len(lines) > 1
    assert max(map(len, lines)) <= 60
    assert all(line.startswith("      ") for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())


@pytest.mark.parametrize(
    "line",
    [
        Line("    try: invoke deploy " + "--host north " * 10),
        Line("invoke run.resume " + "x" * 100),
        Line("      +PermitRootLogin " + "no " * 40, "add", quoted=True),
    ],
)
def test_commands_and_diffs_stay_as_they_are(line: Line) -> None:
    assert shown([line], 60) == [line.text]


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("diff", [True, False])
def test_the_title_of_a_change_is_wrapped_at_words_and_its_diff_is_not(
    width: int, diff: bool
) -> None:
    words = "the services " + ", ".join(f"service-{number:02}" for number in range(16))
    text = f"      ~ /opt/changemaker/.env {words}"
    changes = [Change("changemaker", "part", sign, words, (text,)) for sign in ("+", "~", "-")]
    plan = FleetPlan({"north": HostPlan("north", tuple(changes), "o", "w")})
    lines = shown(plan_lines(plan, diff=diff), width)
    assert (text.strip() in {line.strip() for line in lines}) == diff
    rest = [line for line in lines if line.strip() != text.strip()]
    assert max(map(len, rest)) <= width
    for sign in "+~-":
        at = next(n for n, line in enumerate(rest) if line.startswith(f"  {sign} changemaker: "))
        assert not rest[at].endswith("service-"), "a word is never cut"
        assert rest[at + 1].startswith("      service-")


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize(
    ("text", "command"),
    [
        (
            "the secrets file is missing. Restore it from git or a backup; a new host is made by"
            " `invoke instance.add`, and an older one gets it with `invoke secrets.generate n`.",
            "`invoke secrets.generate n`",
        ),
        (
            "Stopping: every host finishes the step that it is in, which may take as long as that."
            " Then this ends; resume it with: invoke run.resume 20261127T120000Z-ab12 --verbose",
            "invoke run.resume 20261127T120000Z-ab12 --verbose",
        ),
        (
            "  north: 192.0.2.1 refuses connections. Look at it with: invoke ssh --host north. Then"
            " put the key into its file and try the whole thing again as it was the first time",
            "invoke ssh --host north",
        ),
    ],
)
@pytest.mark.promise("What is printed fits the terminal, each thing once")
def test_a_sentence_with_a_command_is_wrapped_and_the_command_is_not(
    text: str, command: str, width: int
) -> None:
    lines = shown([Line(text, "warn")], width)
    assert max(map(len, lines)) <= width
    assert any(command in line for line in lines)
    assert " ".join(" ".join(lines).split()) == text.strip()


def test_what_a_command_does_stands_below_it_where_both_are_too_long_for_a_line() -> None:
    command = "invoke run.resume 20261127T223506Z-fab3 --roll-back"
    what = "the hosts of its first batch are rolled back, and the run ends"
    (line,) = explained([command])
    assert shown([Line(f"    try: {line}")], 140) == [f"    try: {command}  # {what}"]
    assert shown([Line(f"    try: {line}")], 80) == [
        f"    try: {command}",
        f"        # {what}",
    ]


def test_names_are_cut_last_and_nothing_to_nothing() -> None:
    assert fitted([20, 30, 40], 200) == [20, 30, 40]
    assert sum(fitted([20, 30, 40], 60)) == 56
    assert fitted([20, 30, 40], 60)[0] == 20
    assert min(fitted([20, 30, 40], 5)) >= 6


def on_terminal(text: str, put: Callable[..., None] = say, **more: Any) -> str:
    """What `say` or `tell` puts on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with os.fdopen(theirs, "w") as stream:
        put(text, stream=stream, **more)
        said = os.read(ours, 1 << 16).decode().replace("\r\n", "\n")
    os.close(ours)
    return said


def test_an_answer_is_broken_at_words_and_a_log_is_not() -> None:
    files = ", ".join(f"inventories/production/north.{kind}" for kind in ("yml", "sops.yml"))
    answer = f"Added north: {files}, inventories/production/known_hosts"
    broken = on_terminal(answer)
    assert max(map(len, broken.splitlines())) <= 80
    assert broken.split() == answer.split()
    assert on_terminal(answer, whole=True) == f"{answer}\n"


def test_the_blank_behind_a_question_that_is_broken_stands_before_its_answer() -> None:
    question = f"Close the secrets of production to age1{'x' * 58}? [y/N] "
    assert on_terminal(question, tell, end="").endswith("x? [y/N] ")


def test_of_firm_columns_nothing_is_cut_while_others_have_something_to_give() -> None:
    headers = ("RUN", "STATE", "HOSTS", "BY")
    rows = [("20261127T120000Z-ab12", "interrupted", "2 not started, 1 rolled back", "anna@desk")]
    lines = [line.within(60) for line in table(headers, rows, firm=2)]
    assert max(map(len, lines)) <= 60
    assert lines[1].startswith("20261127T120000Z-ab12  interrupted  2 not")
    narrow = [line.within(40) for line in table(headers, rows, firm=2)]
    assert max(map(len, narrow)) <= 40
    assert narrow[1].startswith("20261127T120000…  inter…  2 not…"), "a name is cut last of all"
