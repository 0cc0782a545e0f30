"""How git is run: no variable of the caller redirects it, and no error shows a password."""

import subprocess
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.git import Git, GitFailed, GitMissing


def test_variables_that_name_another_repository_are_not_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    assert Git(tmp_path).line("rev-parse", "--show-toplevel") == str(tmp_path.resolve())


def test_the_operators_name_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    assert Git().line("var", "GIT_AUTHOR_IDENT").startswith("Ada <ada@example.org>")


def test_an_error_shows_no_password_of_an_address(tmp_path: Path) -> None:
    address = "https://me:hunter2-canary@127.0.0.1:1/x.git"
    with pytest.raises(GitFailed) as caught:
        Git(tmp_path).output("ls-remote", address)
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_failure_without_output_is_an_empty_line(tmp_path: Path) -> None:
    assert Git(tmp_path).line("rev-parse", "HEAD") == ""


def test_git_that_does_not_end_in_time_is_one_sentence(tmp_path: Path) -> None:
    slow = Git(tmp_path, where="x", options=("-c", "alias.slow=!sleep 2"))
    with pytest.raises(BunkerError, match=r"x: git did not answer within 0 seconds"):
        slow.run("slow", timeout=0.1)


def test_a_machine_without_git_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing, match="apt-get install git"):
        Git(tmp_path).run("version")
