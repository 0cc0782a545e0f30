"""Files of the fleet as one commit that is the same everywhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.folder_source import commit_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "wiki"
    (made / "web").mkdir(parents=True)
    (made / "compose.yml").write_text("services: {}\n")
    (made / "web" / ".gitignore").write_text("*\n")
    (made / "web" / "start").write_text("#!/bin/sh\n")
    (made / "web" / "start").chmod(0o755)
    return made


def test_it_is_the_same_commit_whoever_makes_it_and_whenever(folder, tmp_path, monkeypatch):
    first = commit_of(folder, "files/wiki").commit
    copy = tmp_path / "other" / "name"
    subprocess.run(["cp", "-r", folder, copy.parent], check=True)
    os.utime(copy.parent / "compose.yml", (0, 0))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2031-01-01T00:00:00")
    assert commit_of(copy.parent, "elsewhere").commit == first


def test_each_file_and_what_may_be_run_decides(folder):
    first = commit_of(folder, "files/wiki").commit
    (folder / "web" / "start").chmod(0o644)
    second = commit_of(folder, "files/wiki").commit
    (folder / "compose.yml").write_text("services: {web: {}}\n")
    assert len({first, second, commit_of(folder, "files/wiki").commit}) == 3


def test_another_repository_gets_just_these_files_from_its_bundle(folder, tmp_path):
    made = commit_of(folder, "files/wiki")
    (tmp_path / "bundle").write_bytes(made.bundle)
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "-q", "-b", "files", tmp_path / "bundle", clone],
        check=True,
        capture_output=True,
    )
    head = subprocess.check_output(["git", "-C", clone, "rev-parse", "HEAD"], text=True)
    assert head.strip() == made.commit
    assert (clone / "web" / ".gitignore").exists(), "what git would ignore is there as well"
    assert os.access(clone / "web" / "start", os.X_OK)
    assert not (folder / ".git").exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "link").symlink_to("/etc/passwd"), "link is no plain file"),
        (lambda folder: (folder / ".git").mkdir(), "belongs to a repository"),
        (lambda folder: (folder / "big").write_bytes(bytes(17 * 1024 * 1024)), "17 MiB"),
    ],
)
def test_what_cannot_be_brought_is_refused_by_name(folder, spoil, said):
    spoil(folder)
    with pytest.raises(BunkerError, match=said):
        commit_of(folder, "files/wiki")


def test_an_empty_or_missing_folder_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BunkerError, match="the folder is empty"):
        commit_of(tmp_path / "empty", "files/empty")
    with pytest.raises(BunkerError, match="no such folder"):
        commit_of(tmp_path / "none", "files/none")
