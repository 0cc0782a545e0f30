"""The checks of components, run by a real shell as a host would run them."""

import subprocess

from bunker.ops.facts import Components


def answers(**checks: str) -> dict[str, str]:
    fact = Components()
    script = fact.command(paths=[], names=[], checks=checks)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return dict(fact.process(done.stdout.splitlines()).checks)


def test_every_line_of_a_check_counts() -> None:
    found = answers(first="false\ntrue", last="true\nfalse", both="true\ntrue")
    assert {name: bool(said) for name, said in found.items()} == {
        "first": True,
        "last": True,
        "both": False,
    }


def test_one_check_does_not_end_or_colour_the_next() -> None:
    found = answers(ends="exit 3", unset="echo $NO_SUCH_NAME", quoted="[ 'a b' = \"a b\" ]")
    assert found["ends"] and "NO_SUCH_NAME" in found["unset"] and not found["quoted"]


def test_a_failing_check_names_the_command_that_failed() -> None:
    assert answers(unit="true\ntest -e /no/such/file\ntrue") == {"unit": "test -e /no/such/file"}
    many = "true\nif true\nthen\n  test -e /no/such/file\nfi\ntrue"
    assert answers(many=many) == {"many": "if true"}


def test_a_failing_pipe_is_told_in_the_same_words_each_time() -> None:
    pipe = "true\nprintf '%s\\n' 'port 22' | grep -qx 'passwordauthentication no' | cat | false"
    said = {answers(pipe=pipe)["pipe"] for _ in range(20)}
    assert said == {pipe.partition("\n")[2]}


def test_what_a_failing_check_says_of_itself_counts_more_than_its_command() -> None:
    assert answers(rule="echo 'rule 3 comes before ours' >&2; exit 1") == {
        "rule": "rule 3 comes before ours"
    }


def test_a_check_that_says_backslashes_has_one_line() -> None:
    said = answers(path=r"printf '%s\n' 'C:\new\table\c' >&2; exit 1", next="true")
    assert said == {"path": r"C:\new\table\c", "next": ""}
