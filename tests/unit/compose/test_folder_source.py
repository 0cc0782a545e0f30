"""Files of the fleet as one commit that is the same everywhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.folder_source import MOST_BYTES, commit_of, folder_of
from tests.unit.changemaker.repositories import Server


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
        (lambda folder: (folder / "big").write_bytes(bytes(MOST_BYTES)), "the files have"),
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


def test_one_byte_too_many_is_told_in_bytes(folder):
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    (folder / "big").write_bytes(bytes(MOST_BYTES - there))
    commit_of(folder, "files/wiki")
    (folder / "big").write_bytes(bytes(MOST_BYTES - there + 1))
    said = r"have 16777217 bytes; expected at most 16777216 \(16 MiB\)"
    with pytest.raises(BunkerError, match=said):
        commit_of(folder, "files/wiki")


ODD = {
    ".gitattributes": b"*.txt text eol=crlf ident\n*.enc working-tree-encoding=UTF-16\n"
    b"* filter=x\n",
    "a.txt": b"$Id$\r\n",
    "b.txt": b"$Id: kept$\n",
    "c.enc": "ä".encode("utf-16"),
}


def odd(folder: Path) -> Path:
    """Files that git would convert by what their own folder says."""
    for name, content in ODD.items():
        (folder / name).write_bytes(content)
    return folder


def test_nothing_that_an_operator_has_set_for_git_counts_or_runs(folder, tmp_path, monkeypatch):
    first = commit_of(odd(folder), "files/wiki").commit
    home = tmp_path / "home"
    home.mkdir()
    ran = tmp_path / "ran"
    (home / "attributes").write_text("* text\n")
    (home / ".gitconfig").write_text(
        f'[filter "x"]\nclean = touch {ran}; tr a-z A-Z\nrequired = true\n'
        f"[core]\nautocrlf = input\nattributesFile = {home}/attributes\n"
        "[i18n]\ncommitEncoding = latin1\n"
    )
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    assert commit_of(folder, "files/wiki").commit == first
    assert not ran.exists()


def test_a_host_gets_them_byte_for_byte(folder, tmp_path):
    (tmp_path / "host").mkdir()
    server = Server(tmp_path / "host")
    server.bring(odd(folder))
    assert {name: (server.directory / name).read_bytes() for name in ODD} == ODD
    (server.directory / "a.txt").touch()
    assert server.git(server.directory, "status", "--porcelain") == ""
    server.fetch(server.commits[0])
    assert not (server.directory / ".git/info/attributes").exists(), "a repository has its own"


def test_a_folder_that_is_a_link_to_outside_of_the_fleet_is_refused(tmp_path):
    root = tmp_path / "fleet"
    for path in (root / "files/wiki", root / "shared", tmp_path / "outside/wiki"):
        path.mkdir(parents=True)
    assert folder_of(root, "wiki") == root / "files/wiki"
    (root / "files/inside").symlink_to(root / "shared")
    assert folder_of(root, "inside")
    (root / "files/other").symlink_to(tmp_path / "outside")
    for name in ("other", "other/wiki"):
        with pytest.raises(BunkerError, match=f"files/{name}: a link leads .*outside of the fleet"):
            folder_of(root, name)
