"""Commits on the lab's git server, made by a developer who has access."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.lab.fleet_under_test import FleetUnderTest

WHO = {
    f"GIT_{role}_{what}": "developer@example.org"
    for role in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


def _environment(fleet: FleetUnderTest) -> dict[str, str]:
    state = fleet.state
    ssh = f"ssh -F none -i {state.private_key} -o IdentitiesOnly=yes -o BatchMode=yes"
    return {
        **os.environ,
        **WHO,
        "GIT_SSH_COMMAND": f"{ssh} -o UserKnownHostsFile={state.known_hosts}",
    }


def commit_of(fleet: FleetUnderTest, branch: str) -> str:
    """The commit that a branch names."""
    done = subprocess.run(
        ["git", "ls-remote", fleet.state.git_ssh_url, f"refs/heads/{branch}"],
        env=_environment(fleet),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.partition("\t")[0]


def commit_on(
    fleet: FleetUnderTest, branch: str, files: Mapping[str, str], *, start: str = "v2"
) -> str:
    """Push one commit with these files on top of ``start``; the branch's commit before, or ''."""
    environment = _environment(fleet)

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    with tempfile.TemporaryDirectory() as folder:
        git("clone", "--quiet", "--branch", start, fleet.state.git_ssh_url, folder)
        before = git("-C", folder, "ls-remote", "origin", f"refs/heads/{branch}").partition("\t")[0]
        for path, content in files.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_text(content)
        git("-C", folder, "add", ".")
        git("-C", folder, "commit", "--quiet", "--message=one more")
        git("-C", folder, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        return before


def move_branch(fleet: FleetUnderTest, branch: str, commit: str) -> None:
    """Make a branch name another commit that the server has."""
    fleet.lab.engine().execute(
        fleet.lab.git.container,
        *("git", "-c", "safe.directory=*", "-C", "/srv/git/changemaker-lite.git"),
        *("update-ref", f"refs/heads/{branch}", commit),
    )
