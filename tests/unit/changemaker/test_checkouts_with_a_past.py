"""Checkouts that somebody else made, or a killed git left: the role's scripts against real git."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.unit.changemaker.repositories import Server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        ("--depth=1", "--single-branch", "--no-tags"),
        ("--single-branch", "--no-tags"),
        ("--filter=tree:0", "--no-checkout"),
        ("--depth=1", "--filter=blob:none"),
        ("--origin=upstream",),
        ("--sparse",),
    ],
    ids=" ".join,
)
def test_any_kind_of_clone_comes_to_an_older_commit(
    server: Server, options: tuple[str, ...]
) -> None:
    server.clone(*options)
    server.fetch(server.commits[0])
    assert (server.directory / "a/file").read_text() == "1\n"
    # Everything is there: it can be laid out again without the git server.
    server.upstream.rename(server.place / "gone")
    server.git(server.directory, "archive", "--format=tar", server.commits[1])


def test_a_shallow_checkout_on_no_branch_comes_to_an_older_commit(server: Server) -> None:
    server.clone("--depth=1")
    server.git(server.directory, "checkout", "-q", "--detach")
    server.git(server.directory, "branch", "-q", "-D", "v2")
    server.fetch(server.commits[0])


def test_only_a_commit_that_is_on_no_ref_is_said_to_be_on_none(server: Server) -> None:
    server.clone("--depth=1")
    done = server.script("git", "fetch", commit="f" * 40)
    assert done.returncode == 66
    assert "is on no branch and no tag of the repository any more" in done.stderr


def test_locks_of_a_killed_git_are_removed_wherever_they_are(server: Server) -> None:
    server.clone()
    for lock in ("index.lock", "config.lock", "HEAD.lock", "packed-refs.lock", "shallow.lock"):
        (server.directory / ".git" / lock).write_text("")
    (server.directory / ".git/refs/remotes/origin/v2.lock").write_text("")
    server.fetch(server.commits[1])


def test_a_git_that_is_at_work_keeps_its_locks_until_it_has_ended(server: Server) -> None:
    server.clone()
    lock = server.directory / ".git/index.lock"
    lock.write_text("")
    # It waits for its standard input.
    command = ["git", "cat-file", "--batch"]
    busy = subprocess.Popen(
        command, cwd=server.directory, env=server.environment, stdin=subprocess.PIPE
    )
    time.sleep(0.1)
    try:
        text = server.script("git", commit="x")
        assert text.returncode == 0
        unlocking = 'sleep() { echo waited; rm -f .git/index.lock; }\ncd "$DIRECTORY"\ngit_unlock'
        script = (Path(__file__).parents[3] / "deploys/stack/scripts/git.sh").read_text()
        done = server._shell(script + unlocking)
        assert done.stdout == "waited\n"
        lock.write_text("")
        done = server._shell(script + "sleep() { :; }\ngit_unlock")
        assert f"another git is at work in {server.directory} (process {busy.pid})" in done.stderr
        assert lock.exists()
    finally:
        assert busy.stdin is not None
        busy.stdin.close()
        busy.wait()


def test_a_work_tree_that_was_removed_by_hand_stops_no_fetch(server: Server) -> None:
    server.clone()
    extra = server.place / "extra"
    server.git(server.directory, "worktree", "add", "-q", "--detach", str(extra))
    subprocess.run(["rm", "-rf", str(extra)], check=True)
    (server.directory / ".git/worktrees/extra/HEAD").write_text("e" * 40 + "\n")
    commit = server.commit("version 4", {"a/file": "4\n"})
    server.fetch(commit)


def test_a_branch_that_became_a_folder_of_branches_stops_no_fetch(server: Server) -> None:
    server.git(server.upstream, "branch", "fix")
    server.clone()
    server.git(server.upstream, "branch", "-D", "fix")
    server.git(server.upstream, "branch", "fix/one")
    server.fetch(server.commit("version 4", {"a/file": "4\n"}))


def test_edits_by_hand_are_kept_also_where_git_was_told_not_to_look(server: Server) -> None:
    server.clone()
    server.git(server.directory, "update-index", "--assume-unchanged", "a/file")
    (server.directory / "a/file").write_text("mine\n")
    assert " M a/file (hidden from git)" in server.fact()
    assert "edits by hand were kept" in server.fetch(server.commits[2])
    (patch,) = (server.state / "apps/changemaker/state").glob("*.patch")
    assert "+mine" in patch.read_text()
    assert not [line for line in server.fact() if "a/file" in line]


def test_files_that_git_does_not_know_are_kept_before_they_are_overwritten(server: Server) -> None:
    server.clone()
    (server.directory / "new").write_text("mine\n")
    commit = server.commit("version 4", {"new": "theirs\n", "other": "theirs\n"})
    assert "were kept in" in server.fetch(commit)
    (kept,) = (server.state / "apps/changemaker/state").glob("in-the-way-*.tar")
    assert server.run(["tar", "-tf", str(kept)]).split() == ["new"]
    assert (server.directory / "new").read_text() == "theirs\n"


def test_hooks_of_a_clone_by_hand_do_not_run(server: Server) -> None:
    server.clone()
    hook = server.directory / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    server.fetch(server.commits[0])
