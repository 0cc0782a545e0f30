"""A real host's operating system is upgraded: packages, a reboot where one is due, the gate."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from bunker.fleet import load_fleet
from bunker.fleet.pyinfra_data import host_data
from bunker.worker.client import WorkerClient
from tests.json_events import everything
from tests.lab.fleet_under_test import NAME, FleetUnderTest
from tests.lab.host_state import started

pytestmark = pytest.mark.lab

# The host's own packages would be upgraded from a mirror that moves: here there is one source.
REPOSITORY = """
set -e
mkdir -p /srv/repository
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/repository ./' > /etc/apt/sources.list.d/test.list
"""
PACKAGE = """
set -e
cd /srv/repository
file=greeting_{version}_all.deb
folder=$(mktemp -d)
mkdir -p "$folder/DEBIAN" "$folder/etc"
echo "delivered with {version}" > "$folder/etc/greeting.conf"
echo /etc/greeting.conf > "$folder/DEBIAN/conffiles"
cat > "$folder/DEBIAN/control" <<'CONTROL'
Package: greeting
Version: {version}
Architecture: all
Maintainer: Test <test@example.org>
{relation}
Description: says hello
CONTROL
sed -i '/^$/d' "$folder/DEBIAN/control"
cat > "$folder/DEBIAN/postinst" <<'SCRIPT'
#!/bin/sh
{postinst}
SCRIPT
chmod 0755 "$folder" "$folder/DEBIAN" "$folder/DEBIAN/postinst"
dpkg-deb --build --root-owner-group "$folder" "$file" >/dev/null
rm -rf "$folder"
{{
  dpkg-deb -f "$file"
  printf 'Filename: ./%s\\nSize: %s\\n' "$file" "$(stat -c %s "$file")"
  printf 'SHA256: %s\\n\\n' "$(sha256sum "$file" | cut -d' ' -f1)"
}} > Packages
"""
WANTS_REBOOT = "mkdir -p /run; : > /run/reboot-required; echo greeting > /run/reboot-required.pkgs"
BOOT = "systemctl show -p UserspaceTimestampMonotonic --value"
INSTALLED = "dpkg-query -W -f '${Status} ${Version}' greeting"
MARK = "/var/lib/bunker/os-upgrade"


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """The deployed host with one package source, and version 1 of its only package installed."""
    deployed.pristine("north")
    deployed.on("north", REPOSITORY)
    publish(deployed, "1.0", "exit 0")
    deployed.on(
        "north",
        "set -e; apt-get -qq update; apt-get -qq -y install greeting >/dev/null 2>&1; "
        "echo 'changed by the operator' > /etc/greeting.conf",
    )
    return deployed


def publish(fleet: FleetUnderTest, version: str, postinst: str, relation: str = "") -> None:
    """Put the package into the host's repository, in place of what it offered before."""
    script = PACKAGE.format(version=version, postinst=postinst, relation=relation)
    fleet.on("north", script)


def request(
    fleet: FleetUnderTest, deploy: str = "deploys.os_upgrade.deploy:os_upgrade", **data: Any
) -> dict[str, Any]:
    inventory = load_fleet(fleet.root, NAME)
    connection = host_data(inventory, inventory.hosts["north"])
    return {
        "run_id": "os-test",
        "deploy": deploy,
        "fingerprint_key": "00" * 32,
        "hosts": [{"name": "north", "data": {**connection, **data}, "secrets": {}}],
    }


def planned(events: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The planned changes by subject; a host that could not be planned fails the test."""
    plans = [event["plan"] for event in events if event["event"] == "planned"]
    assert plans, events
    return {change["subject"]: change for change in plans[0]["changes"]}


def plan(fleet: FleetUnderTest, **data: Any) -> dict[str, dict[str, Any]]:
    with WorkerClient(request(fleet, **data), fleet.root) as worker:
        return planned(everything(worker.events(until="ready")))


def upgrade(fleet: FleetUnderTest, **data: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Plan and apply; the planned changes, and the steps that ran (all succeeded)."""
    with WorkerClient(request(fleet, **data), fleet.root) as worker:
        changes = planned(everything(worker.events(until="ready")))
        worker.apply(["north"])
        events = everything(worker.events(until="done"))
    [end] = [event for event in events if event["event"] == "host"]
    said = [line for event in events for line in event.get("output", ())]
    assert end["outcome"] in ("ok", "changed"), "\n".join([*said, end["message"]])
    return changes, [e["name"] for e in events if e["event"] == "step" and e["status"] == "ok"]


def test_an_upgrade_keeps_settings_and_containers_and_reboots_only_when_one_is_due(
    host: FleetUnderTest,
) -> None:
    publish(host, "2.0", "exit 0")
    containers, boot = started(host, "north"), host.on("north", BOOT)
    before = host.on(
        "north", "find /var/lib/apt /var/cache/apt -newermt '-1 hour' | sort; ls -l /var/lib/bunker"
    )
    assert "package lists" in plan(host), "nobody knows how old the lists are"
    assert (
        host.on(
            "north",
            "find /var/lib/apt /var/cache/apt -newermt '-1 hour' | sort; ls -l /var/lib/bunker",
        )
        == before
    )
    _changes, steps = upgrade(host)
    assert steps == [
        "os: update package lists",
        "os: upgrade packages",
        "os: reboot where one is due",
        "os: health gate",
        "os: done",
    ]
    assert host.on("north", INSTALLED) == "install ok installed 2.0"
    assert host.on("north", "cat /etc/greeting.conf") == "changed by the operator\n"
    assert host.on("north", BOOT) == boot
    assert started(host, "north") == containers
    assert upgrade(host) == ({}, []), "a second run has nothing to do"


def test_the_reboot_that_a_package_asks_for_is_waited_for_and_the_instance_is_well_after_it(
    host: FleetUnderTest,
) -> None:
    publish(host, "3.0", WANTS_REBOOT)
    host.on("north", "apt-get -qq update")
    changes = plan(host)
    assert changes["packages"]["lines"] == ["~ greeting 2.0 → 3.0"]
    boot = host.on("north", BOOT)
    upgrade(host, bunker_reboot="never")
    assert host.on("north", BOOT) == boot
    assert plan(host)["reboot"]["summary"] == "reboot: greeting"
    assert plan(host, bunker_reboot="never") == {}
    _changes, steps = upgrade(host)
    assert steps == ["os: reboot where one is due", "os: health gate", "os: done"]
    assert host.on("north", BOOT) != boot
    assert (
        host.on("north", "docker ps -a --format '{{.Status}}' | grep -vc '(healthy)'", check=False)
        == "0\n"
    )
    assert host.on("north", f"ls {MARK} /run/reboot-required 2>/dev/null", check=False) == ""
    assert upgrade(host) == ({}, [])


def test_a_reboot_is_waited_for_once_and_the_instance_is_healthy_after_it(
    host: FleetUnderTest,
) -> None:
    boot = host.on("north", BOOT)
    planned = host.invoke("reboot", "--host", "north", "--dry").stdout
    assert "~ os: reboot: asked for" in planned
    assert host.on("north", BOOT) == boot
    ran = host.invoke("reboot", "--host", "north", "--yes", "--json")
    assert host.on("north", BOOT) != boot
    steps = [event["name"] for event in ran.events("step") if event["status"] == "ok"]
    assert steps == ["os: mark the boot", "os: reboot", "os: health gate", "os: done"]
    (recap,) = ran.events("recap")
    assert recap["hosts"]["north"]["outcome"] == "changed"
    (status,) = json.loads(host.invoke("status", "--host", "north", "--json").stdout)["hosts"]
    assert (status["state"], status["maintenance"]) == ("healthy", None)
    assert host.on("north", "ls /var/lib/bunker/reboot 2>/dev/null || true") == ""


def wait_on_console(fleet: FleetUnderTest, condition: str, seconds: float = 120) -> None:
    """Wait until a shell condition holds; while the host is down nothing answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fleet.console("north", f"if {condition}; then exit 0; else exit 1; fi")
        except AssertionError:
            assert time.monotonic() < deadline, f"never: {condition}"
            time.sleep(0.2)
        else:
            return


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("never_goes_down", "the old boot still answers"),
        ("never_comes_back", "look at the provider's console"),
        ("refuses", "no systemd here"),
    ],
)
def test_a_host_that_does_not_come_back_is_a_failed_step_that_says_so(
    host: FleetUnderTest, role: str, sentence: str
) -> None:
    message = request(host, f"tests.lab.reboot_role:{role}")
    try:
        with WorkerClient(message, host.root) as worker:
            everything(worker.events(until="ready"))
            worker.apply(["north"])
            events = everything(worker.events(until="done"))
    finally:
        host.console("north", "systemctl start ssh.service")
    [end] = [event for event in events if event["event"] == "host"]
    assert end["outcome"] == "failed"
    said = "\n".join(line for event in events for line in event.get("output", ()))
    assert sentence in said
    if role != "refuses":
        assert "no new boot let us in within 6 seconds" in said
