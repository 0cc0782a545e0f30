"""The branch is never cut: what would lock the operator out is put back, by whoever still can."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from bunker.fleet import load_fleet
from bunker.fleet.pyinfra_data import host_data
from bunker.worker.client import WorkerClient
from tests.json_events import everything, stream
from tests.lab.fleet_under_test import NAME, FleetUnderTest
from tests.lab.lockout_role import FILE
from tests.lab.machinery.neighbour import Neighbour
from tests.lab.outside import is_open

pytestmark = pytest.mark.lab

SSHD = "/etc/ssh/sshd_config.d/00-bunker.conf"
NEW_PORT = 2222


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """One deployed host for those tests that leave it as it was."""
    deployed.pristine("north")
    return deployed


@pytest.fixture
def neighbour(host: FleetUnderTest) -> Iterator[Neighbour]:
    neighbour = host.lab.neighbour("visitor")
    yield neighbour
    neighbour.remove()


def request(fleet: FleetUnderTest, role: str, **data: Any) -> dict[str, Any]:
    """A worker request that runs one of the test's roles on the host."""
    inventory = load_fleet(fleet.root, NAME)
    connection = host_data(inventory, inventory.hosts["north"])
    return {
        "run_id": "test",
        "deploy": f"tests.lab.lockout_role:{role}",
        "fingerprint_key": "00" * 32,
        "hosts": [{"name": "north", "data": {**connection, **data}, "secrets": {}}],
    }


def run(fleet: FleetUnderTest, role: str, **data: Any) -> tuple[str, str]:
    """Deploy a role; the outcome and what the operator is told."""
    with WorkerClient(request(fleet, role, **data), fleet.root) as worker:
        [plan] = [
            event for event in stream(worker.events(until="ready")) if event["event"] == "planned"
        ]
        assert plan["plan"]["changes"]
        worker.apply(["north"])
        events = everything(worker.events(until="done"))
    [end] = [event for event in events if event["event"] == "host"]
    said = [line for event in events for line in event.get("output", ())]
    return end["outcome"], "\n".join([*said, end["message"]])


def wait_for(fleet: FleetUnderTest, condition: str, seconds: float = 60) -> None:
    """Wait on the host's own console until a shell condition holds."""
    script = (
        f"for i in $(seq {int(seconds * 5)}); do if {condition}; then exit 0; fi; sleep 0.2; done"
    )
    fleet.console("north", f"{script}\necho 'never: {condition}' >&2; exit 1")


def assert_as_before(fleet: FleetUnderTest, component: str = "lockout") -> None:
    """A fresh login works, and nothing is left of the change or of what undoes it."""
    left = fleet.on(
        "north",
        f"ls /var/lib/bunker/revert /var/lib/bunker/stage; ls {FILE} 2>/dev/null; "
        "nft list tables | grep lockout; systemctl --failed --no-legend; "
        f"cat /var/lib/bunker/applied/{component} 2>/dev/null; "
        "systemctl list-units --all --no-legend 'bunker-revert-*'; true",
    )
    headings = {"/var/lib/bunker/revert:", "/var/lib/bunker/stage:", ""}
    assert set(left.splitlines()) <= headings


def booted(fleet: FleetUnderTest) -> str:
    """When the host's systemd was last ready; empty while the host is down or still starting."""
    show = "systemctl is-active multi-user.target && systemctl show -p UserspaceTimestamp"
    try:
        return fleet.console("north", show)
    except AssertionError:
        return ""


@pytest.mark.promise("You are not locked out")
def test_a_change_that_refuses_new_logins_is_put_back_by_the_open_session(
    host: FleetUnderTest,
) -> None:
    outcome, said = run(host, "new_connections")
    assert outcome == "failed"
    assert "no fresh login is possible on port 22" in said
    assert "lockout is put back as it was" in said
    assert_as_before(host)


@pytest.mark.promise("You are not locked out")
def test_a_change_that_cuts_off_the_open_session_too_is_put_back_by_the_timer(
    host: FleetUnderTest,
) -> None:
    started = time.monotonic()
    outcome, said = run(host, "every_packet", bunker_confirm_seconds=8)
    assert time.monotonic() - started < 60
    assert outcome == "failed"
    assert "lockout: the change was reverted before a fresh login confirmed it" in said
    assert_as_before(host)


@pytest.mark.promise("You are not locked out")
def test_without_its_controller_the_host_puts_an_unconfirmed_change_back_by_itself(
    host: FleetUnderTest, neighbour: Neighbour
) -> None:
    address = host.state.host("north").address
    with WorkerClient(
        request(host, "new_connections", bunker_confirm_seconds=10), host.root
    ) as worker:
        everything(worker.events(until="ready"))
        worker.apply(["north"])
        wait_for(host, "nft list table inet lockout >/dev/null 2>&1")
        worker.kill()
    assert not is_open(neighbour, address, 22), "the change locks everybody out"
    assert "bunker-revert-lockout.timer" in host.console(
        "north", "systemctl list-timers --no-legend"
    )
    wait_for(host, "[ ! -e /var/lib/bunker/revert/lockout ]", seconds=30)
    assert is_open(neighbour, address, 22)
    wait_for(host, "! systemctl is-active --quiet bunker-revert-lockout.service")
    assert_as_before(host)


@pytest.mark.promise("Nothing is touched before everything was checked")
def test_an_invalid_sshd_configuration_is_refused_before_anything_is_touched(
    host: FleetUnderTest,
) -> None:
    look = (
        f"sha256sum {SSHD} /var/lib/bunker/applied/sshd; stat -c %z {SSHD}; "
        "systemctl show ssh -p MainPID -p ActiveEnterTimestampMonotonic; "
        "journalctl --sync; journalctl -u ssh --output cat --no-pager | grep -c 'Server listening'"
    )
    before = host.on("north", look)
    outcome, said = run(host, "invalid_sshd")
    assert outcome == "failed"
    assert "sshd: the new configuration is not valid, nothing was changed" in said
    assert "NoSuchOption" in said
    assert host.on("north", look) == before
    assert host.on("north", "ls /var/lib/bunker/stage /var/lib/bunker/revert").split() == [
        "/var/lib/bunker/revert:",
        "/var/lib/bunker/stage:",
    ]


@pytest.mark.promise("You are not locked out")
def test_sshd_does_not_move_to_a_port_that_cannot_be_reached(host: FleetUnderTest) -> None:
    # As a provider's own firewall would have it.
    host.on(
        "north",
        "nft add table inet provider; nft add chain inet provider incoming "
        "'{ type filter hook input priority -200; }'; "
        f"nft add rule inet provider incoming tcp dport {NEW_PORT} drop",
    )
    base = host.original("north")["base"]
    host.configure("north", {"base": {**base, "ssh_listen_port": NEW_PORT}})
    ran = host.deploy("north", more=("--role", "base"), expect=3)
    [failed] = [event for event in ran.events("step") if event["status"] == "failed"]
    assert failed["name"] == "base: sshd"
    assert f"no fresh login is possible on port {NEW_PORT}" in "\n".join(failed["output"])
    assert host.on("north", "sshd -T | grep '^port '; ss -Hltn 'sport = :2222'") == "port 22\n"
    assert_as_before(host, component="sshd")
    host.on("north", "nft delete table inet provider")
    host.reset("north")
