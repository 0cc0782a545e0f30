"""Leases with real keepers: bash as on the hosts, controllers that are stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.lease.holder import LeaseHolder
from bunker.lease.leases import HostLeases
from bunker.lease.session import keeper_script
from bunker.remote import Remote
from tests.unit.lease.local_hosts import LocalHost

ROOT = Path(__file__).resolve().parents[3]
RUN, OTHER = "20261124T140000Z-ab12", "20261124T150000Z-cd34"
BEAT = 2
"""Long enough for a machine that is busy with other tests."""


def leases_on(*remotes: Remote, run: str = RUN, **more: Any) -> HostLeases:
    options: dict[str, Any] = {"purpose": "rollout", "beat_seconds": BEAT, "owner": "anna@desk"}
    return HostLeases(remotes, run=run, **options | more)


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a controller in a process of its own, and waits until it says what it holds."""
    started: list[subprocess.Popen[str]] = []

    def start(run: str = RUN, beat: int = BEAT, *names: str) -> subprocess.Popen[str]:
        program = str(Path(__file__).parent / "local_hosts.py")
        words = [str(tmp_path), run, str(beat), *(names or ("north",))]
        process = subprocess.Popen(
            [sys.executable, program, *words],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> dict[str, list[str]]:
    """The next thing that a controller says."""
    assert process.stdout
    answer: dict[str, list[str]] = json.loads(process.stdout.readline())
    return answer


def test_a_lease_is_held_while_it_is_used_and_gone_afterwards(tmp_path):
    north, south = LocalHost(tmp_path, "north"), LocalHost(tmp_path, "south")
    with leases_on(north, south) as leases:
        assert (leases.held, leases.refused, leases.unreachable) == ({"north", "south"}, {}, {})
        found = json.loads(north.lease.read_text())
        assert (found["owner"], found["run"], found["purpose"]) == ("anna@desk", RUN, "rollout")
        assert 0 <= found["expires"] - found["acquired"] <= 2 * BEAT + 1
        assert north.lease.stat().st_mode & 0o777 == 0o600
        assert north.lease.parent.stat().st_mode & 0o777 == 0o700
    assert not north.lease.exists()
    assert not south.lease.exists()
    assert leases.lost == set()


def test_the_heart_beats_longer_than_a_lease_lasts(tmp_path):
    north = LocalHost(tmp_path)
    with leases_on(north) as leases:
        first = json.loads(north.lease.read_text())
        until(lambda: json.loads(north.lease.read_text())["expires"] > first["expires"] + 2 * BEAT)
        assert leases.held == {"north"}
        assert json.loads(north.lease.read_text())["acquired"] == first["acquired"]


def test_a_second_run_is_refused_and_told_by_whom(tmp_path):
    north, south = LocalHost(tmp_path, "north"), LocalHost(tmp_path, "south")
    with (
        leases_on(north, purpose='rollout of "v2.1", süd, 50 %'),
        leases_on(north, south, run=OTHER, owner="ben@laptop") as second,
    ):
        assert second.held == {"south"}
        holder = second.refused["north"]
        assert (holder.owner, holder.run) == ("anna@desk", RUN)
        assert holder.purpose == 'rollout of "v2.1", süd, 50 %'
        assert holder.sentence().startswith("held by anna@desk for run 20261124T14")
    with leases_on(north, run=OTHER) as third:
        assert third.held == {"north"}


def test_the_sentence_names_who_why_since_when_and_until_when():
    holder = LeaseHolder("north", "anna@desk", RUN, "rollout", held_seconds=185, expires_in=20)
    assert holder.sentence() == (
        f"held by anna@desk for run {RUN} (rollout) since 3 minutes, "
        "frees itself within 20 s unless renewed"
    )


def test_of_many_takers_exactly_one_wins(tmp_path, controller):
    runs = [f"run-{number}" for number in range(6)]
    answers = [said(process) for process in [controller(run) for run in runs]]
    assert sorted(answer["held"] for answer in answers) == [[], [], [], [], [], ["north"]]
    assert sum(answer["refused"] == ["north"] for answer in answers) == 5


def test_the_same_run_takes_its_lease_again_at_once_and_the_old_holder_notices(
    tmp_path, controller
):
    old = controller()
    assert said(old)["held"] == ["north"]
    acquired = json.loads(LocalHost(tmp_path).lease.read_text())["acquired"]
    with leases_on(LocalHost(tmp_path)) as resumed:
        assert resumed.held == {"north"}
        assert said(old) == {"held": [], "lost": ["north"], "refused": []}
        assert json.loads(LocalHost(tmp_path).lease.read_text())["acquired"] == acquired
        old.kill()
        old.wait()
        time.sleep(0.3)
        # What the old one leaves behind does not take the new one's lease away.
        assert resumed.held == {"north"}
        assert LocalHost(tmp_path).lease.exists()


def test_a_controller_that_is_killed_frees_its_hosts_at_once(tmp_path, controller):
    process = controller(RUN, 60)
    assert said(process)["held"] == ["north"]
    process.kill()
    process.wait()
    until(lambda: not LocalHost(tmp_path).lease.exists())


def test_a_controller_that_stands_still_loses_its_lease_within_two_beats_and_notices(
    tmp_path, controller
):
    process = controller()
    assert said(process)["held"] == ["north"]
    process.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    with leases_on(LocalHost(tmp_path), run=OTHER, wait_seconds=60) as second:
        assert second.held == {"north"}
        # It was not taken from a lease that was still good; how long more depends on the machine.
        assert time.monotonic() - stopped > BEAT
        process.send_signal(signal.SIGCONT)
        assert said(process) == {"held": [], "lost": ["north"], "refused": []}
        assert second.held == {"north"}


def test_a_keeper_that_is_killed_leaves_a_lease_that_expires(tmp_path):
    north = LocalHost(tmp_path)
    with leases_on(north) as leases:
        (session,) = leases._sessions.values()
        os.killpg(session._process.pid, signal.SIGKILL)
        until(lambda: leases.lost == {"north"})
        assert leases.held == set()
        assert north.lease.exists()
        with leases_on(north, run=OTHER, wait_seconds=60) as second:
            assert second.held == {"north"}
            assert json.loads(north.lease.read_text())["run"] == OTHER
    assert not north.lease.exists()


def test_waiting_ends_when_the_host_is_free_and_says_once_whom_it_waits_for(
    tmp_path, controller, monkeypatch
):
    monkeypatch.setattr("bunker.lease.leases.RETRY_SECONDS", 0.2)
    first = controller(RUN, 60)
    assert said(first)["held"] == ["north"]
    told: list[str] = []

    def on_wait(host: str, holder: LeaseHolder) -> None:
        told.append(f"{host} {holder.owner}")
        first.kill()

    hosts = [LocalHost(tmp_path, name) for name in ("east", "north", "south")]
    with leases_on(*hosts, run=OTHER, wait_seconds=60, on_wait=on_wait) as leases:
        assert leases.held == {"east", "north", "south"}
    assert told == ["north anna@desk"]


def test_waiting_has_an_end_and_what_is_free_is_held_then(tmp_path, monkeypatch):
    monkeypatch.setattr("bunker.lease.leases.RETRY_SECONDS", 0.1)
    hosts = [LocalHost(tmp_path, name) for name in ("east", "north", "south")]
    with leases_on(hosts[1]), leases_on(*hosts, run=OTHER, wait_seconds=0.5) as leases:
        assert leases.held == {"east", "south"}
        assert set(leases.refused) == {"north"}


def test_two_runs_that_wait_for_each_others_hosts_both_get_them(tmp_path, monkeypatch, controller):
    monkeypatch.setattr("bunker.lease.leases.RETRY_SECONDS", 0.1)
    north, south = LocalHost(tmp_path, "north"), LocalHost(tmp_path, "south")
    other = controller(OTHER, 60, "north")
    assert said(other)["held"] == ["north"]
    waiting: list[str] = []

    def on_wait(host: str, _holder: LeaseHolder) -> None:
        waiting.append(host)
        # While we wait for north, south is free: its next holder may want north too.
        assert not south.lease.exists()
        other.kill()

    with leases_on(north, south, wait_seconds=60, on_wait=on_wait) as leases:
        assert leases.held == {"north", "south"}
    assert waiting == ["north"]


def test_an_audit_head_is_written_only_by_the_holder(tmp_path):
    north = LocalHost(tmp_path)
    head = north.root / "state" / "audit-head.json"
    with leases_on(north) as leases:
        assert leases.write_head("north", '{"seq": 7, "mac": "a\\\\b %s"}')
        assert head.read_text() == '{"seq": 7, "mac": "a\\\\b %s"}\n'
        assert head.stat().st_mode & 0o777 == 0o600
        with leases_on(north, run=OTHER) as second:
            assert not second.write_head("north", '{"seq": 8}')
        with pytest.raises(BunkerError, match="one line"):
            leases.write_head("north", "a\nb")
    assert not leases.write_head("north", '{"seq": 9}')
    assert json.loads(head.read_text())["seq"] == 7


def test_single_hosts_are_given_back_early(tmp_path):
    north, south = LocalHost(tmp_path, "north"), LocalHost(tmp_path, "south")
    with leases_on(north, south) as leases:
        leases.release(["north"])
        assert not north.lease.exists()
        assert (leases.held, leases.lost) == ({"south"}, set())


def test_a_host_that_cannot_be_asked_is_unreachable_and_stops_nobody(tmp_path, monkeypatch):
    class Refusing(LocalHost):
        def command(self, script=(), *, tty=False):
            return [
                "sh",
                "-c",
                "echo 'ssh: connect to x port 22: Connection refused' >&2; exit 255",
            ]

    class WithoutSudo(LocalHost):
        def command(self, script=(), *, tty=False):
            return ["sh", "-c", "echo banner; echo 'sudo: a password is required' >&2; exit 1"]

    hosts = [LocalHost(tmp_path, "a"), Refusing(tmp_path, "b"), WithoutSudo(tmp_path, "c")]
    with leases_on(*hosts, wait_seconds=5) as leases:
        assert leases.held == {"a"}
        assert "refuses connections" in str(leases.unreachable["b"])
        assert "sudo: a password is required" in str(leases.unreachable["c"])


def test_a_torn_lease_holds_nobody(tmp_path):
    north = LocalHost(tmp_path)
    north.lease.parent.mkdir(parents=True)
    for torn in ("", '{\n"run": "x",\n"exp', "\0" * 100):
        north.lease.write_text(torn)
        with leases_on(north) as leases:
            assert leases.held == {"north"}


def test_a_run_id_that_no_run_has_is_refused(tmp_path):
    with pytest.raises(BunkerError, match="is no run id"):
        leases_on(LocalHost(tmp_path), run='x", "y')


def test_the_keeper_takes_whatever_text_as_data():
    text = keeper_script(run="r", owner="o'$(reboot)", purpose='"; rm -rf /\n', beat_seconds=10)
    lines = text.splitlines()
    assert """OWNER='"o'"'"'$(reboot)"'""" in lines
    assert r"""PURPOSE='"\"; rm -rf /\n"'""" in lines
