"""What is to be tried where no cause is known: by how a host ended, and by the state it is in.

Brought about on a real host, and run as printed. Interrupted and paused runs are in the part kills
and in the lab tier.
"""

from __future__ import annotations

import re
import shlex

import pytest

from bunker.terminal import hints
from tests.lab.ways_out import Trouble, Wiki

pytestmark = pytest.mark.lab

SAYS = {"base: sshd": r"^its files are valid\n(?s:.*)Active: active \(running\)"}
CRASHES = '    command: [sh, -c, "echo it cannot go on; exit 3"]\n'


def test_a_version_that_is_not_healthy(wiki: Wiki) -> None:
    good = wiki.commit()
    bad = wiki.commit(CRASHES)
    ran = wiki.fleet.invoke(*wiki.upgrade(bad), "--yes", expect=4)
    tries = Trouble(wiki, ran).tries
    assert [shlex.split(line)[1] for line in tries] == ["history", "upgrade"]
    history = wiki.tried(tries[0])
    assert "current" in history.text
    assert tries[1].endswith("--ref FIXED")
    fixed = wiki.tried(f"{tries[1].removesuffix('FIXED')}{good} --no-pin")
    assert fixed.code == 0, fixed.text


def test_a_container_that_was_stopped_by_hand(wiki: Wiki) -> None:
    wiki.fleet.on("north", "docker stop wiki-web-1")
    shown = wiki.fleet.invoke("health", "--host", "north", expect=None)
    (look,) = Trouble(wiki, shown).tries
    assert look == "invoke logs --host north --app wiki --service web"
    assert "nginx" in wiki.tried(look).text
    wiki.fleet.invoke("deploy", "--host", "north", "--app", "wiki", "--yes")
    shown = wiki.fleet.invoke("health", "--host", "north")
    assert Trouble(wiki, shown).tries == []


def test_a_host_that_is_away(wiki: Wiki) -> None:
    wiki.fleet.console("north", "systemctl stop ssh.socket ssh 2>/dev/null; true")
    try:
        ran = wiki.fleet.invoke("deploy", "--host", "north", "--app", "wiki", "--yes", expect=3)
        trouble = Trouble(wiki, ran)
        assert "Connection refused" in trouble.look()
    finally:
        wiki.fleet.console("north", "systemctl start ssh")
    trouble.follow()


@pytest.mark.parametrize("step", sorted(hints._LOGS_OF_STEP))
def test_the_log_of_a_part_of_the_host(wiki: Wiki, step: str) -> None:
    task, *words = hints._LOGS_OF_STEP[step]
    shown = wiki.tried(" ".join(["invoke", task, "--host", "north", *words]))
    assert shown.code == 0, shown.text
    assert re.search(SAYS.get(step, r"systemd\[1\]: (Starting|Started) "), shown.text), shown.text
