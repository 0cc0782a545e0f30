"""The other ways to lock oneself out, and an sshd that moves."""

from __future__ import annotations

import time

import pytest

from bunker.fleet.known_hosts import lines_of, record
from bunker.worker.client import WorkerClient
from tests.json_events import everything
from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.outside import is_open
from tests.lab.test_no_lockout import (
    FILE,
    NEW_PORT,
    assert_as_before,
    booted,
    host,
    request,
    run,
    wait_for,
)

__all__ = ["host"]

pytestmark = pytest.mark.lab


def test_a_reboot_before_the_confirmation_puts_the_change_back_too(north: FleetUnderTest) -> None:
    with WorkerClient(request(north, "new_connections"), north.root) as worker:
        everything(worker.events(until="ready"))
        worker.apply(["north"])
        wait_for(north, "nft list table inet lockout >/dev/null 2>&1")
        worker.kill()
    before = booted(north)
    north.console("north", "systemctl reboot")
    deadline = time.monotonic() + 60
    while not (now := booted(north)) or now == before:
        assert time.monotonic() < deadline, "the host did not come back"
        time.sleep(0.2)
    wait_for(north, f'[ ! -e {FILE} ] && [ -z "$(ls /var/lib/bunker/revert)" ]')
    assert_as_before(north)


def test_a_change_whose_activation_fails_half_way_is_put_back_at_once_and_can_be_tried_again(
    host: FleetUnderTest,
) -> None:
    started = time.monotonic()
    for _attempt in range(2):
        outcome, said = run(host, "half_activated")
        assert outcome == "failed"
        assert "no such thing" in said
        assert "lockout: it is put back as it was before" in said
        assert_as_before(host)
    assert time.monotonic() - started < 60, "well before the timer of the first"


def test_a_configuration_that_somebody_broke_by_hand_is_named_and_left_alone(
    north: FleetUnderTest,
) -> None:
    north.on("north", "echo 'Nonsense on' >> /etc/ssh/sshd_config")
    ran = north.deploy("north", more=("--role", "base"), expect=3)
    [failed] = [event for event in ran.events("step") if event["status"] == "failed"]
    assert failed["name"] == "base: sshd"
    assert "Nonsense" in "\n".join(failed["output"])
    north.on("north", "sed -i '/^Nonsense on$/d' /etc/ssh/sshd_config")
    north.deploy("north", more=("--role", "base"))
    assert not north.deploy("north", more=("--role", "base")).events("step")


def test_sshd_moves_to_another_port_in_two_deploys_and_is_never_out_of_reach(
    north: FleetUnderTest,
) -> None:
    address = north.state.host("north").address
    neighbour = north.lab.neighbour("mover", "public-range")
    base = north.original("north")["base"]
    try:
        north.configure("north", {"base": {**base, "ssh_listen_port": NEW_PORT}})
        north.deploy("north", more=("--role", "base"))
        assert is_open(neighbour, address, 22)
        assert is_open(neighbour, address, NEW_PORT)
        north.reset("north")
        pinned = north.folder / "known_hosts"
        lines = lines_of(pinned, address, 22)
        moved = [f"[{address}]:{NEW_PORT} {line.split(maxsplit=1)[1]}" for line in lines]
        record(pinned, address, NEW_PORT, moved)
        north.configure("north", {"port": NEW_PORT})
        north.deploy("north", more=("--role", "base"))
        assert is_open(neighbour, address, NEW_PORT)
        assert not is_open(neighbour, address, 22)
        assert not north.deploy("north", more=("--role", "base")).events("step")
    finally:
        neighbour.remove()
