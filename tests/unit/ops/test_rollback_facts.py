"""Reading what a host says for a rollback."""

import base64
import gzip
import json

import pytest

from bunker.answers import UnreadableAnswer, sections
from bunker.errors import BunkerError
from bunker.ops.rollback import RollbackFacts, read_rollback

RECORD = {
    "number": 2,
    "time": "2026-01-01T00:00:00Z",
    "run": "run-2",
    "backup": "run-2",
    "from": 1,
    "commit": "b" * 40,
    "ref": "v2",
    "configuration": "f",
    "migration_head": "one",
    "images": {},
}
ANSWER = f"""@@bunker token
000002-0
@@bunker generations
{json.dumps(RECORD)}
@@bunker kept
000002
@@bunker armed
from 2
run run-3
halted the older code does not work
migrating yes
@@bunker head
{"b" * 40}
@@bunker built
@@bunker configuration
@@bunker snapshots
1700000000 run-2
@@bunker trees
000002 one
@@bunker database
yes
@@bunker applied
one
two
@@bunker failed
@@bunker sql
{"a" * 40} two
@@bunker contents
{base64.b64encode(gzip.compress(f"{'a' * 40} blob 9{chr(10)}SELECT 1;{chr(10)}".encode())).decode()}
@@bunker end"""


def test_an_answer_is_read_whole() -> None:
    state, token = read_rollback(sections(ANSWER.splitlines()))
    assert token == "000002-0"
    (generation,) = state.generations
    assert (generation.source, generation.backup, generation.kept) == (1, "run-2", True)
    assert generation.migrations == ("one",)
    assert state.armed is not None
    assert (state.armed.source, state.armed.run, state.armed.migrating) == (2, "run-3", True)
    assert state.armed.halted == "the older code does not work"
    assert state.applied == ("one", "two")
    assert state.sql == {"two": "SELECT 1;"}
    assert state.snapshots == {"run-2": 1_700_000_000}


def test_a_database_that_is_down_is_not_an_empty_one() -> None:
    state, _ = read_rollback(sections(ANSWER.replace("database\nyes", "database").splitlines()))
    assert state.applied is None


def test_an_answer_that_was_cut_short_is_no_answer() -> None:
    with pytest.raises(UnreadableAnswer, match="cut short"):
        sections(ANSWER.splitlines()[:-1])


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ('"number": 2', '"number": "two"'),
        (json.dumps(RECORD), "[]"),
        (json.dumps(RECORD), "{"),
        ("1700000000 run-2", "yesterday run-2"),
        ("from 2", "from two"),
    ],
)
def test_an_answer_that_makes_no_sense_is_one_sentence(part: str, other: str) -> None:
    with pytest.raises(BunkerError, match="about what it can roll back to cannot be read"):
        RollbackFacts().process(ANSWER.replace(part, other).splitlines())
