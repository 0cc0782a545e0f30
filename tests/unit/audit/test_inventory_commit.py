"""Inventory commits: exactly the fleet's files, and nothing of what the operator is doing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bunker.audit import commit_inventory, read

FLEET = "production"
VAULT = (
    "REDIS_PASSWORD: ENC[AES256_GCM,data:AAAA,iv:BBBB,tag:CCCC,type:str]\n"
    "sops:\n    age:\n        - recipient: age1" + "q" * 58 + "\n          enc: |\n"
)


def git(root: Path, *arguments: str) -> str:
    names = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in _WHAT}
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


_WHAT = ("NAME", "EMAIL")


def files_of(root: Path, commit: str) -> list[str]:
    return git(root, "show", "--format=", "--name-only", commit).split()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one host; nobody's own git configuration counts."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path / "root"
    folder = root / "inventories" / FLEET
    folder.mkdir(parents=True)
    (root / "group_data").mkdir()
    (root / "group_data" / "all.py").write_text("tier = 1\n")
    (root / ".gitignore").write_text("/.bunker/\n/inventories/lab/\n")
    (folder / "north.yml").write_text("host: north\n")
    (root / "notes.txt").write_text("one\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "start")
    return root


def test_changed_new_and_removed_files_become_one_commit_with_the_runs_id(root: Path) -> None:
    folder = root / "inventories" / FLEET
    (folder / "north.yml").unlink()
    (folder / "south.yml").write_text("host: south\n")
    (folder / "south.sops.yml").write_text(VAULT)
    (root / "group_data" / "all.py").write_text("tier = 2\n")
    made = commit_inventory(root, FLEET, "r7", "Deploy south")
    assert made.problem is None
    assert made.commit == git(root, "rev-parse", "HEAD").strip()
    assert git(root, "log", "-1", "--format=%B").strip() == "Deploy south\n\nRun: r7"
    assert git(root, "log", "-1", "--format=%ae").strip().count("@") == 1
    names = ["north.yml", "south.sops.yml", "south.yml"]
    assert files_of(root, made.commit) == [
        "group_data/all.py",
        *(f"inventories/{FLEET}/{name}" for name in names),
    ]
    assert git(root, "status", "--porcelain") == ""


def test_the_commit_is_in_the_audit_log(root: Path) -> None:
    (root / "inventories" / FLEET / "south.yml").write_text("host: south\n")
    made = commit_inventory(root, FLEET, "r7", "Deploy south")
    (entry,) = read(root, FLEET)
    assert (entry.event, entry.run) == ("inventory.changed", "r7")
    assert entry.what == {"commit": made.commit, "files": [f"inventories/{FLEET}/south.yml"]}


def test_nothing_pending_is_no_commit(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD")
    made = commit_inventory(root, FLEET, "r7", "Deploy")
    assert (made.commit, made.problem) == (None, None)
    assert git(root, "rev-parse", "HEAD") == before
    assert list(read(root, FLEET)) == []


def test_what_the_operator_staged_elsewhere_stays_staged_and_uncommitted(root: Path) -> None:
    (root / "notes.txt").write_text("two\n")
    (root / "new.txt").write_text("new\n")
    git(root, "add", "-A")
    (root / "notes.txt").write_text("three\n")
    (root / "inventories" / FLEET / "north.yml").write_text("host: north\ntier: 1\n")
    made = commit_inventory(root, FLEET, "r7", "Deploy")
    assert made.commit
    assert files_of(root, made.commit) == [f"inventories/{FLEET}/north.yml"]
    assert git(root, "status", "--porcelain").splitlines() == ["A  new.txt", "MM notes.txt"]
    assert git(root, "show", ":notes.txt") == "two\n"


def test_what_was_staged_in_the_fleets_folder_is_committed_as_it_is_on_disk(root: Path) -> None:
    host = root / "inventories" / FLEET / "north.yml"
    host.write_text("staged\n")
    git(root, "add", "-A")
    host.write_text("on disk\n")
    assert commit_inventory(root, FLEET, "r7", "Deploy").commit
    assert git(root, "show", f"HEAD:inventories/{FLEET}/north.yml") == "on disk\n"
    assert git(root, "status", "--porcelain") == ""


def test_hooks_do_not_run_and_nothing_is_signed(root: Path) -> None:
    git(root, "config", "commit.gpgSign", "true")
    git(root, "config", "user.signingKey", "nobody")
    for name in ("pre-commit", "commit-msg", "post-commit", "reference-transaction"):
        hook = root / ".git" / "hooks" / name
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
    (root / "inventories" / FLEET / "south.yml").write_text("host: south\n")
    made = commit_inventory(root, FLEET, "r7", "Deploy")
    assert (made.problem, bool(made.commit)) == (None, True)


def test_the_environment_of_a_hook_or_alias_does_not_redirect_the_commit(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    (root / "inventories" / FLEET / "south.yml").write_text("host: south\n")
    assert commit_inventory(root, FLEET, "r7", "Deploy").commit


def test_a_repository_without_a_commit_gets_its_first(root: Path) -> None:
    git(root, "update-ref", "-d", "HEAD")
    git(root, "rm", "-r", "-q", "--cached", ".")
    made = commit_inventory(root, FLEET, "r7", "Deploy")
    assert made.problem is None
    assert made.commit
    assert files_of(root, made.commit) == ["group_data/all.py", f"inventories/{FLEET}/north.yml"]


def test_a_root_below_the_repositorys_top_works(root: Path) -> None:
    inner = root / "ops"
    folder = inner / "inventories" / FLEET
    folder.mkdir(parents=True)
    (folder / "west.yml").write_text("host: west\n")
    made = commit_inventory(inner, FLEET, "r7", "Deploy")
    assert made.files == (f"ops/inventories/{FLEET}/west.yml",)


def test_outside_of_a_repository_and_where_git_ignores_the_folder_nothing_happens(
    root: Path, tmp_path: Path
) -> None:
    (root / "inventories" / "lab").mkdir()
    (root / "inventories" / "lab" / "a.yml").write_text("host: a\n")
    assert (
        commit_inventory(root, "lab", "r7", "Deploy")
        == type(commit_inventory(tmp_path / "nowhere", FLEET, "r7", "Deploy"))()
    )
    plain = tmp_path / "plain" / "inventories" / FLEET
    plain.mkdir(parents=True)
    (plain / "a.yml").write_text("host: a\n")
    made = commit_inventory(tmp_path / "plain", FLEET, "r7", "Deploy")
    assert (made.commit, made.problem) == (None, None)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("south.sops.yml", "REDIS_PASSWORD: canary-value\n", "not encrypted"),
        ("south.sops.yml", "SMTP_PASS: canary-value\n" + VAULT, "in plaintext: SMTP_PASS"),
        ("key.txt", "AGE-SECRET-KEY-1" + "Q" * 58 + "\n", "private key"),
        ("id", "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-value\n", "private key"),
    ],
)
def test_plaintext_secrets_keep_everything_uncommitted(
    root: Path, name: str, content: str, said: str
) -> None:
    before = git(root, "rev-parse", "HEAD")
    objects = set((root / ".git" / "objects").rglob("*"))
    folder = root / "inventories" / FLEET
    (folder / name).write_text(content)
    made = commit_inventory(root, FLEET, "r7", "Deploy")
    assert made.commit is None
    assert made.problem
    assert said in made.problem
    assert f"{FLEET}/{name}" in made.problem
    assert "canary-value" not in made.problem
    assert git(root, "rev-parse", "HEAD") == before
    assert set((root / ".git" / "objects").rglob("*")) == objects


def test_a_merge_that_is_under_way_is_left_alone(root: Path) -> None:
    head = git(root, "rev-parse", "HEAD")
    (root / ".git" / "MERGE_HEAD").write_text(head)
    (root / "inventories" / FLEET / "south.yml").write_text("host: south\n")
    made = commit_inventory(root, FLEET, "r7", "Deploy")
    assert made.commit is None
    assert "merge is under way" in str(made.problem)


def test_a_locked_index_is_told_and_the_commit_stands(root: Path) -> None:
    (root / "inventories" / FLEET / "south.yml").write_text("host: south\n")
    (root / ".git" / "index.lock").touch()
    made = commit_inventory(root, FLEET, "r7", "Deploy")
    assert made.commit == git(root, "rev-parse", "HEAD").strip()
    assert "not brought up to date" in str(made.problem)


def test_a_broken_repository_is_a_problem_and_not_an_exception(root: Path) -> None:
    (root / ".git" / "refs" / "heads" / "main.lock").touch()
    (root / "inventories" / FLEET / "south.yml").write_text("host: south\n")
    made = commit_inventory(root, FLEET, "r7", "Deploy")
    assert made.commit is None
    assert "was not committed" in str(made.problem)
