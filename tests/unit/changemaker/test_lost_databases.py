"""A database that is gone stops the plan; a new one is made where somebody says so."""

import os
import subprocess
from pathlib import Path

import pytest

from bunker.application.layout import Layout, located
from bunker.shell import script_file, with_variables
from deploys.changemaker.database import Database, check_database, read_database
from deploys.stack.decision import Files, decide
from tests.unit.changemaker.test_folders_with_a_past import host
from tests.unit.plan.test_changemaker_decision import COMMIT, SAME, State

SCRIPT = Path(__file__).parents[3] / "deploys/changemaker/scripts/database_state.sh"
DOCKER = r"""#!/bin/sh
case "$*" in
  version) ;;
  "ps -q "*) cat "$WORLD/running" 2>/dev/null ;;
  "ps -aq "*) cat "$WORLD/containers" 2>/dev/null ;;
  exec*) cat "$WORLD/state" ;;
  "volume ls -q") ls "$WORLD/volumes" ;;
  "volume inspect"*) for name in $(ls "$WORLD/volumes"); do
    echo "$name|${name%%_*}|$WORLD/volumes/$name"; done ;;
  inspect*) echo "/var/lib/postgresql/data|$WORLD/volumes/app_data" ;;
esac
"""


class World:
    """An engine as a stand-in program tells of it, and a host's folders."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "bin").mkdir()
        (place / "bin/docker").write_text(DOCKER)
        (place / "bin/docker").chmod(0o755)
        (place / "volumes").mkdir()
        self.generation("20250106090000_init")

    def generation(self, head: str) -> None:
        folder = self.place / "state/apps/changemaker/generations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "000001.json").write_text(f'{{"number": 1, "migration_head": "{head}"}}')

    def volume(self, name: str, *, filled: bool = True) -> None:
        (self.place / "volumes" / name).mkdir()
        if filled:
            (self.place / "volumes" / name / "PG_VERSION").write_text("16")

    def container(self, state: str = "") -> None:
        (self.place / "containers").write_text("1\n")
        if state:
            (self.place / "running").write_text("1\n")
            (self.place / "state.txt").write_text(state)
            (self.place / "bin/docker").write_text(DOCKER.replace('/state"', '/state.txt"'))

    def gone(self) -> str:
        text = located("changemaker") + script_file(SCRIPT)
        text = text.replace("/var/lib/bunker", str(self.place / "state"))
        script = with_variables(
            text + "database_gone", PROJECT="app", DIRECTORY=str(self.place / "opt")
        )
        path = f"{self.place / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", script],
            env={"PATH": path, "WORLD": str(self.place)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_lost_volume_is_a_lost_database(world: World) -> None:
    assert world.gone() == "no volume of the Compose project app holds a database"
    world.volume("other_data")
    world.volume("app_media", filled=False)
    assert "no volume of the Compose project app" in world.gone()
    world.volume("app_data")
    assert world.gone() == ""


def test_a_volume_that_lost_its_content_is_a_lost_database(world: World) -> None:
    world.volume("app_data", filled=False)
    world.container()
    assert "/volumes/app_data holds no database" in world.gone()


def test_a_database_that_runs_is_asked(world: World) -> None:
    world.container("f 7000\n")
    assert world.gone() == "the database is empty"
    world.container("t 7000\n")
    assert world.gone() == ""


def test_an_instance_that_never_had_a_database_lost_none(world: World) -> None:
    world.generation("")
    assert world.gone() == ""
    (world.place / "state/apps/changemaker/generations/000001.json").unlink()
    assert world.gone() == ""


def test_a_new_database_is_made_where_somebody_says_so(world: World) -> None:
    (world.place / "state/apps/changemaker/state").mkdir()
    (world.place / "state/apps/changemaker/state/new-database").write_text("empty\n")
    assert world.gone() == ""


LOST = read_database(
    ["state ", "gone it is empty", "elsewhere old_data old", "elsewhere x ", "snapshot run-2"]
)


def test_the_refusal_says_what_is_gone_and_what_there_is_instead() -> None:
    (problem,) = check_database(host(), LOST, {"number": 7}, Layout())
    text = str(problem)
    assert "the database that generation 7 ran on is gone: it is empty" in text
    assert "volumes that hold one: old_data (of old), x" in text
    assert "snapshots below /var/lib/bunker/apps/changemaker/snapshots: run-2" in text
    assert "echo run-2 | sudo tee /var/lib/bunker/apps/changemaker/state/new-database" in text
    assert not list(check_database(host(), LOST, None, Layout()))
    assert not list(check_database(host(), Database(size_kb=7), {"number": 7}, Layout()))


@pytest.mark.parametrize(
    ("asked", "words"), [("empty", "a new one, empty"), ("run-2", "from the snapshot run-2")]
)
def test_a_new_database_is_in_the_plan_and_is_migrated(asked: str, words: str) -> None:
    decision = decide(COMMIT, "v2", State(), SAME, new_database=asked)
    assert words in decision.changes[0].summary
    assert decision.migrate
    assert not decision.switch
    assert not decide(COMMIT, "v2", State(), Files((), (), applied=True)).needed
