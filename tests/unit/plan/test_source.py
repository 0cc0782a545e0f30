"""Asking a git server what a ref means, against a real repository on disk."""

import os
import subprocess
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.git import why_failed
from bunker.masking import Secret
from bunker.source import Source, resolve_commit


def git(folder: Path, *words: str) -> str:
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        env={**os.environ, **identity},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "application"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "v2")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    git(folder, "tag", "-a", "v2.0.0", "-m", "annotated")
    git(folder, "tag", "light")
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    return folder


@pytest.mark.parametrize(
    ("ref", "names"), [("v2", "HEAD"), ("v2.0.0", "HEAD~1"), ("light", "HEAD~1")]
)
def test_branches_and_tags_name_commits(repository: Path, ref: str, names: str) -> None:
    wanted = git(repository, "rev-parse", names)
    assert resolve_commit(Source(str(repository), ref)) == wanted


def test_a_full_commit_is_taken_as_it_is_without_asking() -> None:
    assert resolve_commit(Source("ssh://nowhere.invalid/x", "a" * 40)) == "a" * 40


def test_an_unknown_ref_says_how_to_list_them(repository: Path) -> None:
    with pytest.raises(BunkerError, match=r"no branch or tag 'v3'.*git ls-remote"):
        resolve_commit(Source(str(repository), "v3"))


def test_a_repository_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BunkerError, match="refused to list its refs"):
        resolve_commit(Source(str(tmp_path / "none"), "v2"))


ADVICE = "\nPlease make sure you have the correct access rights\nand the repository exists.\n"
CLOSED = "fatal: Could not read from remote repository.\n"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Host key verification failed.\n" + CLOSED + ADVICE, "Host key verification failed."),
        (
            "Warning: Permanently added 'x' to the list of known hosts.\n"
            "git@x: Permission denied (publickey).\n" + CLOSED + ADVICE,
            "git@x: Permission denied (publickey).",
        ),
        (
            "fatal: '/none' does not appear to be a git repository\n" + CLOSED + ADVICE,
            "'/none' does not appear to be a git repository",
        ),
        ("", "no message"),
    ],
)
@pytest.mark.promise("What a git server refuses is told by its own reason")
def test_gits_own_reason_is_told_and_not_its_advice(said: str, reason: str) -> None:
    done = subprocess.CompletedProcess([], 128, b"", said.encode())
    assert why_failed(done) == reason


def test_a_token_never_shows_in_an_error(tmp_path: Path) -> None:
    token = Secret("token-canary-2b7e15")
    with pytest.raises(BunkerError) as caught:
        resolve_commit(Source("http://127.0.0.1:1/x.git", "v2", token=token))
    assert token.reveal() not in str(caught.value)


def test_a_broken_deploy_key_says_where_it_is_kept(repository: Path) -> None:
    with pytest.raises(BunkerError, match="DEPLOY_KEY"):
        resolve_commit(Source(str(repository), "v2", deploy_key=Secret("not a key")))


@pytest.mark.parametrize("given", [True, False])
def test_the_git_servers_ssh_sees_the_deploy_key_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    seen, ssh = tmp_path / "seen", tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f"#!/bin/sh\nssh-add -L > {seen} 2>&1\nexit 255\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "the-operators-own"))
    source = Source("ssh://git@127.0.0.1/x", "v2", deploy_key=Secret(key.read_text().rstrip()))
    with pytest.raises(BunkerError, match="refused to list its refs"):
        resolve_commit(source if given else Source(source.repository, "v2"))
    public = key.with_suffix(".pub").read_text().split()[1]
    assert (public in seen.read_text()) is given
    assert "the-operators-own" not in seen.read_text()


@pytest.mark.parametrize(
    ("said", "problem", "remedy"),
    [
        (
            "git@x: Permission denied (publickey).",
            "the git server does not accept the host's deploy key: add its public part to the"
            " repository, or store the right one (git@x: Permission denied (publickey))",
            "Next: `invoke secrets.set --host north --key WIKI__DEPLOY_KEY`",
        ),
        (
            "Host key verification failed.",
            "the host key of the git server is not among applications.wiki.repository_host_keys",
            "Next: `ssh-keyscan -p 2222 127.0.0.1`",
        ),
        (
            "ssh: connect to host 127.0.0.1 port 2222: Connection refused",
            "this machine cannot reach 127.0.0.1 port 2222: that is away",
            "Next: `getent hosts 127.0.0.1; ip route; ",
        ),
        (
            "ssh: no such luck",
            "the git server refused to list its refs: ssh: no such luck",
            "Check",
        ),
    ],
)
def test_a_refusal_begins_with_its_cause_and_ends_with_what_this_machine_can_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, problem: str, remedy: str
) -> None:
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f"#!/bin/sh\necho '{said.replace(chr(39), '')}' >&2\nexit 255\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    source = Source("ssh://git@127.0.0.1:2222/x", "v2", host="north", application="wiki")
    with pytest.raises(BunkerError) as caught:
        resolve_commit(source)
    assert caught.value.problem.startswith(problem)
    assert str(caught.value.remedy).startswith(remedy)
    assert caught.value.where == source.repository
