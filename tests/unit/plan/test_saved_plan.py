"""A saved plan is read back exactly, or refused."""

import json
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.plan.changes import Change, HostPlan
from bunker.plan.store import SavedPlan, load_plan, write_plan
from bunker.secrets import operator_key

PLAN = SavedPlan(
    fleet="lab",
    tags_wanted=("env",),
    plans=(
        HostPlan(
            "north",
            (Change("changemaker", "configuration", "~", "x", ("~ KEY",), ("api",)),),
            observed="o" * 64,
            wanted="w" * 64,
        ),
    ),
    commits={"north": "a" * 40},
)


@pytest.fixture(autouse=True)
def _key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "keys" / "operator.age"
    operator_key.create(key)
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(key))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_plan(file, PLAN)
    assert load_plan(file) == PLAN
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_edited_plan_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_plan(file, PLAN)
    content = json.loads(file.read_text())
    content["commits"]["north"] = "b" * 40
    file.write_text(json.dumps(content))
    with pytest.raises(BunkerError, match="was edited"):
        load_plan(file)


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json", '{"seal": "x"}'])
def test_another_file_is_not_taken_for_a_plan(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    with pytest.raises(BunkerError, match="not a saved plan"):
        load_plan(file)


def test_a_missing_plan_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BunkerError, match="invoke plan --out"):
        load_plan(tmp_path / "none.json")


def test_another_operators_plan_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "plan.json"
    write_plan(file, PLAN)
    other = tmp_path / "keys" / "other.age"
    operator_key.create(other)
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(other))
    with pytest.raises(BunkerError, match="another operator"):
        load_plan(file)


def test_where_it_cannot_be_written_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(BunkerError, match="cannot be written"):
        write_plan(tmp_path / "nowhere" / "plan.json", PLAN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys"]
