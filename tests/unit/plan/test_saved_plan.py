"""A saved plan is read back exactly, or refused."""

import dataclasses
import errno
import json
import os
from pathlib import Path
from typing import Any, cast

import pytest

from bunker.errors import BunkerError
from bunker.plan.changes import Change, HostPlan
from bunker.plan.store import SavedPlan, check_file, load_plan, write_plan
from bunker.secrets import operator_key
from bunker.workflows.deploy import save_plan
from bunker.workflows.request import DeployRequest

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


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"fleet":"../x","seal":"\xc3\xa9","format":1}', "this is not a saved plan"),
        (
            b'{"fleet":"production","seal":"\\ud800","format":1,"x":"\\ud800"}',
            "plan:1: this is not",
        ),
        (b'{"seal":\n' + b"[" * 200_000, "this is not a saved plan: it is nested too deeply"),
        (b"[" * 100 + b"]" * 100, "this is not a saved plan: it is nested too deeply"),
        (b'{"format":\n1' + b"0" * 5000 + b"}", "a number in it cannot be read"),
        (b'{"format": NaN}', "a number in it cannot be read"),
        (b"\xff\xfe{}", "plan:1: this is not a saved plan: the file is not UTF-8 text"),
        (b"{\n\xc3\n}", "plan:2: this is not a saved plan: the file is not UTF-8 text"),
        (b"{\n\nx}", "plan:3: this is not a saved plan: this is not valid JSON"),
    ],
)
def test_a_damaged_plan_ends_in_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "plan"
    file.write_bytes(content)
    with pytest.raises(BunkerError, match="invoke plan --out") as caught:
        load_plan(file)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("field", ["seal", "fleet"])
def test_a_plan_with_another_seal_is_refused(tmp_path: Path, field: str) -> None:
    file = tmp_path / "plan"
    write_plan(file, PLAN)
    file.write_text(json.dumps({**json.loads(file.read_text()), field: "é"}))
    with pytest.raises(BunkerError, match="was edited"):
        load_plan(file)


def special(path: Path, kind: str) -> None:
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a symbolic link":
        (path.parent / "target").write_text("kept")
        path.symlink_to("target")


@pytest.mark.parametrize("kind", ["a named pipe", "a folder", "a symbolic link"])
def test_a_plan_is_written_to_a_regular_file_only(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "plan"
    special(file, kind)
    before = file.lstat()
    for write in (check_file, lambda path: write_plan(path, PLAN)):
        with pytest.raises(BunkerError, match=f"this is {kind}; expected the name of a new file"):
            write(file)
    assert file.lstat() == before
    assert not (tmp_path / "target").exists() or (tmp_path / "target").read_text() == "kept"


def test_a_device_is_no_place_for_a_plan() -> None:
    with pytest.raises(BunkerError, match="/dev/null: this is a device"):
        check_file(Path("/dev/null"))


@pytest.mark.parametrize("kind", ["a named pipe", "a folder"])
def test_a_plan_is_read_from_a_regular_file_only(tmp_path: Path, kind: str) -> None:
    special(tmp_path / "plan", kind)
    with pytest.raises(BunkerError, match=f"this is not a saved plan: this is {kind}"):
        load_plan(tmp_path / "plan")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "is no name of a file"),
        ("..", "this is a folder"),
        ("x" * 300, "File name too long"),
        ("a\x00b", "is no name of a file"),
        ("a\nb", "is no name of a file"),
        ("a\x1b[2J", "is no name of a file"),
        ("a\ud800", "is no name of a file"),
        ("nowhere/plan", "there is no such folder"),
        ("file/plan", "Not a directory"),
        ("/proc/plan", "cannot be written"),
    ],
)
def test_a_name_under_which_no_file_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(BunkerError) as caught:
        write_plan(Path(name), PLAN)
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "keys"]


def test_the_longest_name_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / ("x" * 255)
    for _ in range(2):
        write_plan(file, PLAN)
    assert load_plan(file) == PLAN


@pytest.mark.parametrize("content", ["host: north\n", "", "{}", '{"seal": "x", "format": 1}'])
def test_a_file_that_is_no_plan_of_ours_is_kept(tmp_path: Path, content: str) -> None:
    file = tmp_path / "north.yml"
    file.write_text(content)
    for write in (check_file, lambda path: write_plan(path, PLAN)):
        with pytest.raises(BunkerError, match="no plan of yours stands there"):
            write(file)
    assert file.read_text() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys", "north.yml"]


def test_an_earlier_plan_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan"
    write_plan(file, PLAN)
    other = dataclasses.replace(PLAN, ref="v3")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for path in (file, tmp_path / "new"):
            with pytest.raises(BunkerError, match="cannot be written: No space left"):
                write_plan(path, other)
    assert load_plan(file) == PLAN
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys", "plan"]
    write_plan(file, other)
    assert load_plan(file) == other
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_place_of_a_plan_is_looked_at_before_any_host(tmp_path: Path) -> None:
    request = DeployRequest(tmp_path, "nowhere", hosts=("north",))
    with pytest.raises(BunkerError, match="there is no such folder"):
        save_plan(request, tmp_path / "none" / "plan", cast("Any", None))


def test_where_it_cannot_be_written_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(BunkerError, match="there is no such folder"):
        write_plan(tmp_path / "nowhere" / "plan.json", PLAN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys"]
