"""An upgrade of the operating system that is killed, or would take away what the host needs."""

from __future__ import annotations

import time

import pytest

from bunker.worker.client import WorkerClient
from tests.json_events import everything, stream
from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.test_os_upgrade import (
    BOOT,
    INSTALLED,
    MARK,
    host,
    planned,
    publish,
    request,
    upgrade,
    wait_on_console,
)

__all__ = ["host"]

pytestmark = pytest.mark.lab


def test_an_upgrade_that_was_killed_with_its_dpkg_is_finished_by_the_next_run(
    host: FleetUnderTest,
) -> None:
    publish(host, "4.0", "[ -e /run/go-on ] || { : > /run/here; sleep 600; }")
    host.on("north", "apt-get -qq update")
    with WorkerClient(request(host), host.root) as worker:
        everything(worker.events(until="ready"))
        worker.apply(["north"])
        deadline = time.monotonic() + 120
        while not host.on("north", "ls /run/here 2>/dev/null", check=False):
            assert time.monotonic() < deadline, "the upgrade never got there"
            time.sleep(0.3)
        worker.kill()
    host.on(
        "north",
        "pkill -9 apt-get; pkill -9 dpkg; pkill -9 -f greeting.postinst; : > /run/go-on",
        check=False,
    )
    assert host.on("north", INSTALLED) != "install ok installed 4.0"
    changes, steps = upgrade(host)
    assert "an interrupted installation is finished first" in changes["packages"]["summary"]
    assert "an interrupted upgrade is finished (run os-test)" in changes["upgrade"]["summary"]
    assert steps[-1] == "os: done"
    assert host.on("north", INSTALLED) == "install ok installed 4.0"
    assert host.on("north", f"ls {MARK} 2>/dev/null; dpkg --audit", check=False) == ""
    assert upgrade(host) == ({}, [])


def test_an_upgrade_that_would_remove_what_the_host_needs_is_refused_untouched(
    host: FleetUnderTest,
) -> None:
    publish(host, "5.0", "exit 0")
    with WorkerClient(request(host), host.root) as worker:
        assert "packages" in planned(everything(worker.events(until="ready")))
        # Between plan and upgrade: the plan could not know.
        publish(host, "6.0", "exit 0", "Conflicts: fail2ban")
        worker.apply(["north"])
        events = everything(worker.events(until="done"))
    said = "\n".join(line for event in events for line in event.get("output", ()))
    assert "the upgrade would remove fail2ban, which the host needs; nothing was upgraded" in said
    assert host.on("north", INSTALLED) == "install ok installed 4.0"
    assert host.on("north", "systemctl is-active fail2ban") == "active\n"
    with WorkerClient(request(host), host.root) as worker:
        [failed] = [e for e in stream(worker.events(until="ready")) if e["event"] == "failed"]
    assert "the upgrade would remove fail2ban" in failed["message"]


def test_a_run_that_was_killed_while_the_host_rebooted_is_finished_by_the_next(
    host: FleetUnderTest,
) -> None:
    publish(host, "7.0", "exit 0")
    boot = host.on("north", BOOT)
    with WorkerClient(request(host, bunker_reboot="always"), host.root) as worker:
        everything(worker.events(until="ready"))
        worker.apply(["north"])
        for event in stream(worker.events(until="done")):
            if event.get("name") == "os: reboot where one is due":
                break
        wait_on_console(host, "systemctl is-active --quiet bunker-reboot.timer")
        worker.kill()
    wait_on_console(host, f'[ "$({BOOT})" != "{boot.strip()}" ]')
    wait_on_console(host, "systemctl is-active --quiet multi-user.target")
    assert host.on("north", f"cat {MARK}") == "os-test\n"
    changes, steps = upgrade(host)
    assert list(changes) == ["upgrade"]
    assert steps == ["os: reboot where one is due", "os: health gate", "os: done"]
    assert upgrade(host) == ({}, [])
