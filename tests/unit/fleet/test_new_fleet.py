"""`fleet.init`: a repository of its own for a fleet, in which every command and pyinfra work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bunker import secrets
from bunker.errors import BunkerError
from bunker.fleet import load_fleet
from bunker.new_fleet.make import FILES, FRONT, make_fleet

ROOT = Path(__file__).resolve().parents[3]
HOST = "host: north\naddress: 192.0.2.1\nport: 9\ndomain: north.example.org\ntier: 1\n"
pytestmark = pytest.mark.usefixtures("no_key")


@pytest.fixture
def no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator who has no key yet."""
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(tmp_path / "keys" / "operator.age"))
    monkeypatch.delenv("BUNKER_ROOT", raising=False)


def python(*words: str, folder: Path, more: dict[str, str] | None = None) -> str:
    """What `python -m WORDS` prints in a folder."""
    path = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, **path, **(more or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def files(folder: Path) -> set[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in names if not name.startswith(".git/")}


def test_the_checkouts_own_front_door_and_inventories_are_those_of_a_new_fleet() -> None:
    inventories = [f"inventories/{name}" for name in ("production.py", "lab.py", "ssh_config")]
    for name in (FRONT, *inventories):
        assert (ROOT / name).read_bytes() == (FILES / name).read_bytes(), name


def test_a_fleet_is_made_where_nothing_is_and_says_what_is_next(tmp_path: Path) -> None:
    told = json.loads(python("bunker", "init", "fleet", "--json", folder=tmp_path))
    folder = tmp_path / "fleet"
    assert set(told["written"]) == files(folder) - {".bunker"}
    assert {FRONT, "deploy.py", ".gitignore", "README.md", "inventories/production.py"} <= files(
        folder
    )
    assert told["next_commands"] == [
        f"cd {folder}",
        "invoke secrets.init --fleet production",
        "git add -A && git commit -m 'A fleet of our own'",
        "invoke instance.add NAME DOMAIN ADDRESS",
    ]
    assert (folder / ".git").is_dir()


def test_in_it_every_command_works_from_any_folder_of_it(tmp_path: Path) -> None:
    make_fleet(tmp_path / "fleet")
    folder = tmp_path / "fleet" / "inventories" / "production"
    (folder / "north.yml").write_text(HOST)
    (told,) = json.loads(python("invoke", "instance.list", "--json", folder=folder))
    assert told["name"] == "north"
    assert "deploy" in python("invoke", "--list", folder=folder)


def test_in_it_pyinfras_own_command_line_works(tmp_path: Path) -> None:
    make_fleet(tmp_path)
    (tmp_path / "inventories" / "production" / "north.yml").write_text(HOST)
    shown = python("pyinfra", "inventories/production.py", "debug-inventory", folder=tmp_path)
    assert "north.example.org" in shown
    assert "'changemaker'" not in shown
    empty = tmp_path / "inventories" / "production" / "north.yml"
    empty.unlink()
    assert "rror" not in python(
        "pyinfra", "inventories/production.py", "deploy.py", "--dry", folder=tmp_path
    )


def test_with_a_key_its_secrets_are_begun_too(tmp_path: Path) -> None:
    secrets.init(tmp_path / "another-fleet")
    made = make_fleet(tmp_path / "fleet")
    assert "inventories/production/.sops.yaml" in made.written
    assert not any("secrets.init" in command for command in made.next_commands)
    assert load_fleet(tmp_path / "fleet", "production").sops_config.is_file()


def test_a_folder_with_something_else_in_it_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mum.txt").write_text("Dear mum")
    said = python("bunker", "init", "letters", folder=tmp_path)
    assert said.startswith(f"error: {tmp_path}/letters: the folder is not empty: it holds mum.txt;")
    assert said.count("\n") == 1
    assert files(tmp_path / "letters") == {"mum.txt"}


def test_another_projects_tasks_are_no_fleet_of_ours(tmp_path: Path) -> None:
    (tmp_path / FRONT).write_text("from invoke import task\n")
    with pytest.raises(BunkerError, match="not empty: it holds tasks"):
        make_fleet(tmp_path)


def test_a_file_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(BunkerError, match=r"Not a directory|File exists"):
            make_fleet(place)


def test_an_environment_and_a_repository_may_be_there_first(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert FRONT in make_fleet(tmp_path).written


def test_inside_of_a_repository_no_second_one_is_made(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    make_fleet(tmp_path / "ops" / "fleet")
    assert not (tmp_path / "ops" / "fleet" / ".git").exists()


def test_a_half_made_one_is_completed_and_what_was_changed_since_stays(tmp_path: Path) -> None:
    whole = make_fleet(tmp_path).written
    (tmp_path / "deploy.py").unlink()
    (tmp_path / "README.md").write_text("ours\n")
    assert make_fleet(tmp_path).written == ("deploy.py",)
    assert (tmp_path / "README.md").read_text() == "ours\n"
    assert files(tmp_path) == set(whole)


def test_a_complete_one_is_left_as_it_is(tmp_path: Path) -> None:
    make_fleet(tmp_path)
    said = python("invoke", "fleet.init", ".", folder=tmp_path)
    assert "is a fleet already, and complete: nothing was written" in said


def test_git_takes_all_of_it_and_nothing_of_this_machine(tmp_path: Path) -> None:
    made = make_fleet(tmp_path)
    for name in (".bunker/runs.sqlite", "inventories/lab/north.yml", ".venv/x", "operator.age"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(listed.stdout.split()) == set(made.written)


def test_without_git_it_is_made_and_the_repository_is_left_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    made = make_fleet(tmp_path / "fleet")
    assert FRONT in made.written
    assert made.notes == (
        f"not a git repository yet: {tmp_path}/fleet: git is not installed. apt-get install git.",
    )


@pytest.mark.parametrize("words", [(), ("init",), ("deploy", "x")])
def test_without_a_folder_it_says_how_it_is_called(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert python("bunker", *words, folder=tmp_path).startswith("usage: python -m bunker init DIR")
    assert files(tmp_path) == set()


def test_asked_for_help_it_makes_nothing(tmp_path: Path) -> None:
    assert "Make a fleet's own repository." in python("bunker", "init", "--help", folder=tmp_path)
    assert files(tmp_path) == set()
