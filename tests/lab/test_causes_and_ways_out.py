"""A failure is told by its cause first, and the commands that it says to try lead out of it.

Each is brought about on a real host; the commands are run as they were printed. The rarer ones are
in the deep tier.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from bunker.lab.fleet import deploy_key
from tests.lab.gate import ASKS, PASSWORD, PLAIN, gate
from tests.lab.ways_out import SQUATTER, Wiki

pytestmark = pytest.mark.lab

FULL = "mount -t tmpfs -o size=1m tmpfs /var/tmp && head -c 2m /dev/zero > /var/tmp/full || true"


@pytest.fixture
def another_key(tmp_path: Path) -> str:
    """A private key that no server knows."""
    file = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file.read_text()


@pytest.mark.promise("A failure is told by its cause first")
def test_a_port_that_another_program_has(wiki: Wiki) -> None:
    on = wiki.fleet.on
    on("north", f"docker rm -f wiki-web-1 && {SQUATTER}")
    trouble = wiki.fails(
        "port taken",
        "port 8088 of the host is taken by another program: stop that, or give",
        *("deploy", "--host", "north", "--app", "wiki"),
    )
    assert re.search(r'"python3",pid=\d+', trouble.look())
    on("north", "systemctl stop squatter")
    trouble.follow()
    assert wiki.runs() == str(wiki.number)


@pytest.mark.promise("A failure is told by its cause first")
def test_a_disk_that_is_full(wiki: Wiki) -> None:
    commit = wiki.commit()
    wiki.fleet.on("north", FULL)
    trouble = wiki.fails("no space", "a disk of the host is full", *wiki.upgrade(commit))
    assert re.search(r"tmpfs .* 100% /var/tmp", trouble.look())
    wiki.fleet.on("north", "umount /var/tmp")
    trouble.follow()
    assert wiki.runs() == str(wiki.number)


@pytest.mark.promise("A failure is told by its cause first")
def test_a_deploy_key_that_the_git_server_does_not_know(wiki: Wiki, another_key: str) -> None:
    wiki.tried("invoke secrets.set --host north --key WIKI__DEPLOY_KEY", another_key)
    commit = wiki.commit(branch="moving")
    said = "the git server does not accept the host's deploy key: add its public part"
    right, _ = deploy_key(wiki.fleet.state)

    # Where the ref is a branch, this machine asks the git server first, and is refused.
    refused = wiki.fleet.invoke(*wiki.upgrade("moving"), "--yes", expect=1)
    assert refused.stderr.startswith(f"error: {wiki.source['repository']}: {said}")
    (command,) = re.findall(r"Next: `([^`]+)`", refused.stderr)
    assert command == "invoke secrets.set --host north --key WIKI__DEPLOY_KEY"

    trouble = wiki.fails("deploy key refused", said, *wiki.upgrade(commit))
    assert shlex.split(trouble.tries[0]) == shlex.split(command)
    trouble.follow(right)
    assert wiki.runs() == str(wiki.number)


@pytest.mark.promise("A failure is told by its cause first")
def test_a_registry_that_wants_a_login_and_then_the_right_password(wiki: Wiki) -> None:
    image = gate(wiki.fleet, ASKS)
    none = wiki.fails(
        "no login for the registry",
        "the image registry wants a login, another one, or does not have the image: a Compose",
        *wiki.with_image(image),
    )
    none.look()
    login = {"address": PLAIN, "user": "ops", "password_secret": "REGISTRY_PASSWORD"}
    wiki.configure(registries=[login])
    wiki.tried("invoke secrets.set --host north --key WIKI__REGISTRY_PASSWORD", "wrong")
    wrong = wiki.fails(
        "login refused by the registry",
        f"the registry {PLAIN} does not accept the login of ops: its password is wrong",
        *wiki.with_image(image),
    )
    wrong.follow(PASSWORD)
    assert none.tries[-1] == wrong.tries[-1], "the command that failed first"
