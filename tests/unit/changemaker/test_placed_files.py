"""Files that are placed over those of the code are no edits by hand, and no copy keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.answers import sections
from bunker.ops.instance import read_instance
from deploys.compose.deploy import COMPOSE
from deploys.stack.armed import PROJECT
from tests.unit.changemaker.repositories import Server

CODE = {".env": "PASSWORD=example\n", "compose.bunker.yml": "services: {}\n", "compose.yml": "1\n"}
OURS = "PASSWORD=s3cret\n"


class Project(Server):
    """Code that tracks the files that are placed, laid out and with ours in their places."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.clone()
        self.first = self.commit("with settings", CODE)
        self.fetch(self.first)
        self.put()
        for name in ("docker", "systemctl"):
            (place / "bin" / name).write_text("#!/bin/sh\n")
            (place / "bin" / name).chmod(0o755)
        self.environment["PATH"] = f"{place / 'bin'}:{self.environment['PATH']}"
        self.app = self.state / "apps/changemaker"

    def put(self) -> None:
        """Place our files."""
        for name in (".env", "compose.bunker.yml"):
            (self.directory / name).write_text(OURS)

    def edited(self) -> tuple[str, ...]:
        """What the host says is edited."""
        return read_instance(sections(self.fact())).edited

    def kept(self) -> str:
        """What was kept of files that were in the way or edited."""
        found = [*self.app.glob("state/*.patch"), *self.app.glob("state/*.tar")]
        return "".join(path.read_text() for path in found)

    def undo(self) -> None:
        """Roll back to the first generation."""
        made = self.app / "generations/000001"
        place = made / f"files{self.directory}"
        place.mkdir(parents=True)
        (place / ".env").write_text(OURS)
        (made / "commit").write_text(f"{self.first}\n")
        (made / "images").touch()
        made.with_suffix(".json").write_text(
            f'{{"number": 1, "run": "r1", "commit": "{self.first}", "images": {{}}}}\n'
        )
        upgrade = self.app / "upgrade"
        upgrade.mkdir()
        for name, text in {"from": "1", "run": "r2", "undoes": "r2"}.items():
            (upgrade / name).write_text(f"{text}\n")
        names = ("armed", "git", *PROJECT, "keep", "snapshot", "restore", "swap", "reload")
        gates = "gate() { :; }\nbring_up() { :; }\n"
        text = COMPOSE.scripts(*names) + gates + COMPOSE.scripts("undo")
        done = self._shell(text, PROJECT="app", TIMEOUT="1")
        assert f"rolled back to generation 1, commit {self.first}" in done.stdout, done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def edit(project: Project) -> None:
    (project.directory / "compose.yml").write_text("by hand\n")


def test_they_are_not_told_as_edited_and_other_files_are(project: Project) -> None:
    assert project.edited() == ()
    project.git(project.directory, "update-index", "--assume-unchanged", ".env")
    assert project.edited() == ()
    edit(project)
    assert project.edited() == (" M compose.yml",)


def test_no_patch_of_a_switch_holds_them(project: Project) -> None:
    second = project.commit("another version", {"compose.yml": "2\n", ".env": "PASSWORD=\n"})
    assert "edits by hand" not in project.fetch(second)
    project.put()
    edit(project)
    assert "edits by hand were kept" in project.fetch(second)
    assert "+by hand" in project.kept()
    assert "s3cret" not in project.kept()


def test_nor_does_what_was_in_the_way_of_a_version_that_brings_such_a_file(
    project: Project,
) -> None:
    project.git(project.upstream, "rm", "-q", ".env")
    project.fetch(project.commit("without settings", {"compose.yml": "2\n"}))
    project.put()
    (project.directory / "new").write_text("by hand\n")
    project.fetch(project.commit("with settings", {".env": "PASSWORD=\n", "new": "theirs\n"}))
    assert "by hand" in project.kept()
    assert "s3cret" not in project.kept()


@pytest.mark.parametrize("by_hand", [False, True])
def test_nor_does_a_rollback_which_leaves_those_of_its_generation(
    project: Project, by_hand: bool
) -> None:
    project.fetch(project.commit("another version", {"compose.yml": "2\n", ".env": "PASSWORD=\n"}))
    project.put()
    if by_hand:
        edit(project)
    project.undo()
    assert ("+by hand" in project.kept()) is by_hand
    assert "s3cret" not in project.kept()
    assert (project.directory / ".env").read_text() == OURS
    assert (project.directory / "compose.yml").read_text() == "1\n"
    assert project.git(project.directory, "rev-parse", "HEAD") == project.first
