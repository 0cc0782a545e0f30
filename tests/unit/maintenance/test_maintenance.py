"""Maintenance on hosts that are folders: the scripts run in the shell that hosts have."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bunker.fleet import Fleet
from bunker.host_keys import Unreachable
from bunker.lease.leases import HostLeases
from bunker.maintenance.maintenance import (
    Maintenance,
    close_maintenance,
    maintenance_of,
    open_maintenance,
    read_maintenance,
)
from bunker.terminal.home_text import home_lines
from bunker.terminal.lines import plain
from bunker.terminal.recap_text import Repeat
from bunker.workflows.health import assess
from bunker.workflows.health_answer import Health
from bunker.workflows.home import OpenRuns
from bunker.workflows.probe import Probe
from bunker.workflows.status import HostStatus
from tests.unit.lease.local_hosts import LocalHost

RUN = "20261124T140000Z-ab12"


def in_maintenance(remote: LocalHost) -> Maintenance | None:
    answer = maintenance_of([remote])[remote.host.name]
    if isinstance(answer, Unreachable):
        raise answer
    return answer


class Gone(LocalHost):
    """A host that nothing answers for."""

    def command(self, script: str | Sequence[str] = (), *, tty: bool = False) -> list[str]:
        return ["sh", "-c", "echo 'ssh: connect to x port 22: Connection refused' >&2; exit 255"]


class Posix(LocalHost):
    """A host that runs scripts as sshd and sudo would, in `sh`."""

    def command(self, script: str | Sequence[str] = (), *, tty: bool = False) -> list[str]:
        words = super().command(script)
        return [word.replace("sudo -n -- ", "exec ") for word in words]


def leases_on(*hosts: LocalHost, **more: Any) -> HostLeases:
    options: dict[str, Any] = {"run": RUN, "purpose": 'rollout of "v2.1"', "beat_seconds": 60}
    return HostLeases(hosts, owner="anna@desk", **options | more)


def test_maintenance_is_opened_told_and_ended(tmp_path: Path) -> None:
    north, south = Posix(tmp_path, "north"), Posix(tmp_path, "south")
    opened = open_maintenance([north], 7200, "new 'disk', 50 % \"fast\" ü $(x)", by="anna@desk")
    answer = opened["north"]
    assert isinstance(answer, Maintenance)
    assert answer.reason == "new 'disk', 50 % \"fast\" ü $(x)"
    assert (answer.by, answer.run, answer.until - answer.opened) == ("anna@desk", None, 7200)
    assert 7190 <= answer.seconds_left <= 7200
    assert north.maintenance.stat().st_mode & 0o777 == 0o600
    json.loads(north.maintenance.read_text())
    told = maintenance_of([north, south])
    assert in_maintenance(north)
    assert told["south"] is None
    assert in_maintenance(south) is None
    ended = close_maintenance([north, south])
    assert isinstance(ended["north"], Maintenance)
    assert ended["south"] is None
    assert maintenance_of([north]) == {"north": None}


def test_it_ends_by_itself(tmp_path: Path) -> None:
    north = Posix(tmp_path)
    open_maintenance([north], 3600, "disk")
    text = json.loads(north.maintenance.read_text())
    text["until"] = int(time.time()) - 1
    north.maintenance.write_text(json.dumps(text))
    assert in_maintenance(north) is None


def test_opened_again_it_is_replaced(tmp_path: Path) -> None:
    north = Posix(tmp_path)
    open_maintenance([north], 7200, "disk")
    open_maintenance([north], 60, "nearly done")
    found = in_maintenance(north)
    assert found
    assert (found.reason, found.seconds_left <= 60) == ("nearly done", True)


def test_a_host_that_cannot_be_asked_is_said_to_be_so(tmp_path: Path) -> None:
    gone = Gone(tmp_path, "gone")
    answers = open_maintenance([Posix(tmp_path, "north"), gone], 60, "disk")
    assert isinstance(answers["north"], Maintenance)
    assert isinstance(answers["gone"], Unreachable)
    with pytest.raises(Unreachable, match="refuses connections"):
        in_maintenance(gone)


def test_a_lease_opens_maintenance_and_closes_it_at_release(tmp_path: Path) -> None:
    north = Posix(tmp_path)
    with leases_on(north, maintenance_seconds=1800):
        found = in_maintenance(north)
        assert found
        assert (found.reason, found.by, found.run) == ('rollout of "v2.1"', "anna@desk", RUN)
    assert in_maintenance(north) is None


def test_a_lease_without_maintenance_opens_none(tmp_path: Path) -> None:
    north = Posix(tmp_path)
    with leases_on(north):
        assert in_maintenance(north) is None


def test_what_a_person_opened_stays_after_the_run(tmp_path: Path) -> None:
    north, south = Posix(tmp_path, "north"), Posix(tmp_path, "south")
    open_maintenance([north], 7200, "disk")
    with leases_on(north, south, maintenance_seconds=60):
        found = in_maintenance(north)
        assert found
        assert found.reason == "disk"
        open_maintenance([south], 7200, "opened meanwhile")
    assert in_maintenance(north)
    assert in_maintenance(south)


def test_maintenance_of_another_run_that_died_is_left_to_it(tmp_path: Path) -> None:
    north = Posix(tmp_path)
    with leases_on(north, maintenance_seconds=3600) as dead:
        (session,) = dead._sessions.values()
        session._process.kill()
        session._process.wait()
        north.lease.unlink()
        with leases_on(north, run="other", maintenance_seconds=60):
            pass
        found = in_maintenance(north)
        assert found
        assert found.run == RUN


def test_a_run_that_died_leaves_a_quarter_of_an_hour(tmp_path: Path) -> None:
    north = Posix(tmp_path)
    with leases_on(north, maintenance_seconds=7200) as leases:
        (session,) = leases._sessions.values()
        session.hang_up()
        session._process.wait(timeout=20)
        found = in_maintenance(north)
        assert found
        assert (found.run, found.reason) == (RUN, 'rollout of "v2.1"')
        assert 0 < found.seconds_left <= 900
    # The resumed run takes it over and closes it.
    with leases_on(north, maintenance_seconds=7200):
        found = in_maintenance(north)
        assert found
        assert found.seconds_left > 900
    assert in_maintenance(north) is None


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["100"],
        ["100", encoded([1])],
        ["100", encoded({"until": 200})],
        ["100", encoded({"until": "x", "reason": "", "by": "", "opened": 1})],
        ["100", encoded({"until": 10**30, "reason": "", "by": "", "opened": 1})],
        ["100", encoded({"until": 100, "reason": "r", "by": "b", "opened": 1})],
        ["100", "?"],
        ["100", base64.b64encode(b"[" * 5000).decode()],
        ["100", encoded({"until": 200, "reason": {}, "by": "b", "opened": 1})],
        ["noon", encoded({"until": 200, "reason": "r", "by": "b", "opened": 1})],
    ],
)
def test_what_cannot_be_read_or_has_ended_is_no_maintenance(lines: list[str]) -> None:
    assert read_maintenance(lines) is None


def test_status_tells_it_and_the_host_does_not_count_as_bad() -> None:
    open_ = Maintenance(1_795_531_000, "new disk", "anna@desk", None, 1_795_523_800, 1500)
    probe = Probe(60, 1, 1, None, "ok", (), Health(0), installed=True, maintenance=open_)
    status = HostStatus("north", "north.example.org", assess(probe), probe)
    assert not status.verdict.healthy
    assert status.healthy
    assert status.to_json()["maintenance"]["reason"] == "new disk"
    fleet = Fleet("lab", Path("/nowhere"), {})
    shown = plain(home_lines(fleet, [status], OpenRuns(), Repeat()))
    assert "\nNormal work\n  north: maintenance until 20" in shown
    assert "Needs you" not in shown
    assert "(25 minutes left): new disk, by anna@desk\n" in shown
    without = HostStatus("north", "north.example.org", assess(probe))
    assert not without.healthy
