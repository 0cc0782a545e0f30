"""The checks of components, run by a real shell as a host would run them."""

import subprocess

from bunker.ops.facts import Components


def answers(**checks: str) -> dict[str, bool]:
    fact = Components()
    script = fact.command(paths=[], names=[], checks=checks)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return dict(fact.process(done.stdout.splitlines()).checks)


def test_every_line_of_a_check_counts() -> None:
    assert answers(first="false\ntrue", last="true\nfalse", both="true\ntrue") == {
        "first": False,
        "last": False,
        "both": True,
    }


def test_one_check_does_not_end_or_colour_the_next() -> None:
    assert answers(ends="exit 3", unset="echo $NO_SUCH_NAME", quoted="[ 'a b' = \"a b\" ]") == {
        "ends": False,
        "unset": False,
        "quoted": True,
    }
