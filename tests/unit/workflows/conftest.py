"""Stand-ins for the programs that the workflows run: `ssh` runs the remote script on the spot."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bunker.fleet.models import Host
from bunker.remote import Remote

# The last argument is the script for the user's shell, as sshd would get it.
SSH = r"""
for script; do :; done
exec sh -c "$script"
"""
# Checks that it is asked the one thing that it can stand in for.
SUDO = r"""
[ "$1 $2" = "-n --" ] || { echo "unexpected: sudo $*" >&2; exit 64; }
shift 2
for word; do
  shift
  # The script gets a search path of its own; the stand-ins stand in front of that one as well.
  case $word in PATH=*) word=PATH=$(dirname "$0"):${word#PATH=} ;; esac
  set -- "$@" "$word"
done
exec "$@"
"""

Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a stand-in for a program in front of the real ones; `ssh` and `sudo` are there."""
    folder = tmp_path / "stand-ins"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def write(name: str, text: str) -> None:
        path = folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    write("ssh", SSH)
    write("sudo", SUDO)
    return write


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host whose application stands in a folder of this test."""
    directory = tmp_path / "checkout"
    directory.mkdir()
    application = {"directory": str(directory)}
    data = {
        "name": "north",
        "address": "192.0.2.1",
        "domain": "north.example.org",
        "groups": ["changemaker"],
    }
    return Host.model_validate({**data, "application": application})


@pytest.fixture
def remote(host: Host, tmp_path: Path, program: Program) -> Remote:
    """The host behind the stand-in for ssh."""
    assert program
    return Remote(host, tmp_path / "known_hosts")
