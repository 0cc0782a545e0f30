"""A preflight on the terminal, against golden text."""

from textwrap import dedent

from bunker.errors import BunkerError, Problems
from bunker.plan.changes import Change
from bunker.terminal.lines import plain
from bunker.terminal.preflight_text import preflight_lines
from bunker.terminal.recap_text import Repeat
from bunker.workflows.preflight import Finding

NESTED = Problems(
    "outer",
    [
        BunkerError("one", where="/etc/one", expected="two", remedy="Do it"),
        Problems("inner", [BunkerError("three")]),
    ],
)
REMOVED = Change("docker", "packages", "-", "1 package to remove", ("- docker-ce",), ("docker",))


def test_problems_within_problems_are_single_ones_and_survive_their_json() -> None:
    again = [BunkerError.from_json(problem.to_json()) for problem in NESTED.each]
    assert [str(problem) for problem in again] == ["/etc/one: one; expected two. Do it.", "three."]


def test_what_an_operator_settles_first_and_should_know() -> None:
    north = Finding(
        "north", NESTED.each, (REMOVED,), ("docker",), ("base: port 2200 of another service",)
    )
    gone = Finding("gone", [BunkerError("it does not answer")], reached=False)
    text = plain(preflight_lines([north, gone, Finding("south")], Repeat()))
    assert text == dedent("""\
        north: 2 things to settle first
          1. /etc/one: one; expected two
             → Do it
          2. three
          - docker: packages: 1 package to remove
              - docker-ce
          restarts: docker
          note: base: port 2200 of another service

        gone: not reached
          1. it does not answer

        south: ready to deploy

        Preflight: 1 of 3 hosts ready to deploy; nothing was changed
        Deploy with: invoke deploy --host south
        """)
