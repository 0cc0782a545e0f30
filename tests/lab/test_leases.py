"""Leases and maintenance on a real host, over the real `ssh`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from bunker.fleet import load_fleet
from bunker.lease.leases import HostLeases
from bunker.product import CODE as CHECKOUT
from bunker.remote import Remote
from tests.lab.fleet_under_test import NAME, FleetUnderTest

pytestmark = pytest.mark.lab

HOST = "west"
RUN, OTHER = "20261124T140000Z-ab12", "20261124T150000Z-cd34"
BEAT = 3
"""Seconds: lets a busy machine be late without losing a lease."""

CONTROLLER = """
import json, sys, time
from pathlib import Path
from bunker.fleet import load_fleet
from bunker.lease.leases import HostLeases
from bunker.remote import Remote
root, name, host, run, beat = sys.argv[1:]
fleet = load_fleet(Path(root), name)
remotes = [Remote.of(fleet, fleet.host(host))]
with HostLeases(
    remotes, run=run, purpose="rollout", beat_seconds=int(beat), owner="anna@desk",
    maintenance_seconds=7200,
) as leases:
    print(json.dumps(sorted(leases.held)), flush=True)
    while not leases.lost:
        time.sleep(0.1)
    print(json.dumps(["lost", *sorted(leases.lost)]), flush=True)
"""


@pytest.fixture(scope="module")
def west(fleet: FleetUnderTest) -> Iterator[FleetUnderTest]:
    """The fleet with a bare host: leases need nothing of ours on it."""
    fleet.bare(HOST)
    yield fleet
    fleet.remove(HOST)


@pytest.fixture
def controller(west: FleetUnderTest) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """Starts a controller that holds the host's lease, with a given heartbeat."""
    started: list[subprocess.Popen[str]] = []

    def start(beat: int) -> subprocess.Popen[str]:
        words = [str(west.root), NAME, HOST, RUN, str(beat)]
        process = subprocess.Popen(
            [sys.executable, "-c", CONTROLLER, *words],
            env=west.environment,
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert said(process) == [HOST]
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout
    words: list[str] = json.loads(process.stdout.readline())
    return words


def remote_of(fleet: FleetUnderTest) -> Remote:
    inventory = load_fleet(fleet.root, NAME)
    return Remote.of(inventory, inventory.host(HOST))


def has_lease(fleet: FleetUnderTest) -> bool:
    return "yes" in fleet.console(HOST, "[ ! -f /run/bunker/lease.json ] || echo yes")


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


@pytest.mark.promise("Two changes of one server never mix")
def test_a_deploy_of_a_host_that_another_run_holds_changes_nothing_and_names_the_holder(
    west: FleetUnderTest,
) -> None:
    remote = remote_of(west)
    packages = west.on(HOST, "dpkg -l | sha256sum; ls -R /etc | sha256sum")
    with HostLeases([remote], run=RUN, purpose="rollout", owner="anna@desk") as leases:
        assert leases.held == {HOST}
        # pyinfra's own command line asks nobody: the host refuses it by itself.
        fenced = west.pyinfra("inventories/lab.py", "deploys/site.py", "--limit", HOST, "--yes")
        assert fenced.code != 0
        assert f"held by anna@desk for run {RUN} (rollout); nothing was changed" in fenced.text
        # Ours asks for a lease of its own first.
        refused = west.deploy(HOST, expect=5)
        assert f"held by anna@desk for run {RUN} (rollout) since" in refused.text
        assert west.on(HOST, "dpkg -l | sha256sum; ls -R /etc | sha256sum") == packages
        status = west.invoke("status", "--host", HOST)
        assert f"{HOST}: held by anna@desk for run {RUN} (rollout) since" in status.stdout
        with HostLeases([remote], run=OTHER, purpose="deploy") as second:
            assert second.refused[HOST].owner == "anna@desk"
            assert "held by anna@desk" in second.refused[HOST].sentence()
        assert leases.write_head(HOST, '{"seq": 3}')
        assert leases.held == {HOST}
    assert not has_lease(west)
    assert json.loads(west.on(HOST, "cat /var/lib/bunker/audit-head.json")) == {"seq": 3}
    modes = west.on(HOST, "stat -c '%a %U' /run/bunker /run/bunker/lease.lock")
    assert modes == "700 root\n600 root\n"


def test_a_killed_controller_frees_the_host_at_once_and_keeps_little_maintenance(
    west: FleetUnderTest, controller: Callable[[int], subprocess.Popen[str]]
) -> None:
    process = controller(60)
    assert "maintenance until" in west.invoke("maintenance.list", "--host", HOST).stdout
    process.kill()
    process.wait()
    until(lambda: not has_lease(west), seconds=100)
    told = json.loads(west.invoke("maintenance.list", "--host", HOST, "--json").stdout)
    left = told["hosts"][0]["maintenance"]["seconds_left"]
    assert 0 < left <= 900
    assert told["hosts"][0]["maintenance"]["run"] == RUN
    # The same run goes on, finishes, and leaves no maintenance behind.
    with HostLeases([remote_of(west)], run=RUN, purpose="rollout", maintenance_seconds=60) as on:
        assert on.held == {HOST}
    assert "no maintenance" in west.invoke("maintenance.list", "--host", HOST).stdout


def test_a_controller_that_stands_still_frees_the_host_and_notices_later(
    west: FleetUnderTest, controller: Callable[[int], subprocess.Popen[str]]
) -> None:
    process = controller(BEAT)
    process.send_signal(signal.SIGSTOP)
    waited: list[str] = []
    with HostLeases(
        [remote_of(west)],
        run=OTHER,
        purpose="deploy",
        wait_seconds=120,
        on_wait=lambda _host, holder: waited.append(holder.owner),
    ) as second:
        assert second.held == {HOST}
        process.send_signal(signal.SIGCONT)
        assert said(process) == ["lost", HOST]
        process.wait(timeout=60)
        assert second.held == {HOST}
        assert has_lease(west)
    # Nobody was waited for where this machine was so slow that the lease had expired by then.
    assert waited in ([], ["anna@desk"])


def test_a_cut_network_frees_the_host_and_the_controller_notices(
    west: FleetUnderTest, controller: Callable[[int], subprocess.Popen[str]]
) -> None:
    process = controller(BEAT)
    west.console(HOST, "ip route save table main > /tmp/routes; ip link set eth0 down")
    try:
        assert said(process) == ["lost", HOST]
        until(lambda: not has_lease(west))
    finally:
        west.console(HOST, "ip link set eth0 up; ip route restore < /tmp/routes 2>&1 || true")
    with HostLeases([remote_of(west)], run=OTHER, purpose="deploy") as second:
        assert second.held == {HOST}


def test_maintenance_is_told_everywhere_and_only_its_own_is_closed_by_a_run(
    west: FleetUnderTest,
) -> None:
    west.invoke("maintenance.off", "--host", HOST)
    assert west.invoke("status", "--host", HOST, "--exit-status", expect=None).code == 3
    on = ("maintenance.on", "--host", HOST, "--for", "1h30m", "--reason", 'new "disk", 50 %')
    opened = west.invoke(*on).stdout
    assert 'new "disk", 50 %, by ' in opened
    with HostLeases(
        [remote_of(west)], run=RUN, purpose="rollout", maintenance_seconds=60
    ) as leases:
        assert leases.held == {HOST}
    status = west.invoke("status", "--host", HOST, "--exit-status")
    assert f"{HOST}: maintenance until " in status.stdout
    told = json.loads(west.invoke("status", "--host", HOST, "--json").stdout)["hosts"][0]
    assert told["maintenance"]["reason"] == 'new "disk", 50 %'
    assert told["maintenance"]["run"] is None
    assert 4000 < told["maintenance"]["seconds_left"] <= 5400
    assert told["lease"] is None
    assert "ended: maintenance" in west.invoke("maintenance.off", "--host", HOST).stdout
    assert "no maintenance" in west.invoke("maintenance.list").stdout
    assert os.linesep not in west.on(HOST, "ls /var/lib/bunker/maintenance.json || true")
