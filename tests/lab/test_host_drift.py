"""What somebody changed on a host by hand is shown, put back, and then nothing more is done."""

from __future__ import annotations

from typing import Any

import pytest

from deploys.base.kernel import SYSCTL_PATH
from tests.lab.fleet_under_test import FleetUnderTest, Ran
from tests.lab.host_state import started

pytestmark = pytest.mark.lab

MOST_COMMANDS = 40
SSHD = "/etc/ssh/sshd_config.d/00-bunker.conf"

SOUND = f"""
    sshd -T | grep -x 'passwordauthentication no'
    sysctl --values net.ipv4.conf.all.accept_redirects net.ipv4.tcp_syncookies
    grep -c nonsense {SYSCTL_PATH} || true
    ufw status | head -n 1
    grep ENABLED /etc/ufw/ufw.conf
    docker info --format '{{{{.LiveRestoreEnabled}}}} {{{{.LoggingDriver}}}}'
    systemctl is-active fail2ban ssh ufw docker
    fail2ban-client get sshd actions | tail -n 1
    systemctl --failed --no-legend
"""
"""The protection that the drifts take away, as it should read."""


@pytest.fixture(scope="module")
def host(deployed: FleetUnderTest) -> FleetUnderTest:
    """One deployed host for the tests after which it is as it was."""
    deployed.pristine("north")
    return deployed


def changes(ran: Ran) -> dict[str, dict[str, Any]]:
    """What a run planned for the host, by component."""
    [planned] = ran.events("planned")
    return {change["subject"]: change for change in planned["plan"]["changes"]}


def commands(ran: Ran) -> int:
    """How many remote commands a run took on the host."""
    [recap] = ran.events("recap")
    return int(recap["hosts"]["north"]["commands"])


def assert_nothing_to_do(fleet: FleetUnderTest) -> None:
    """A whole deploy changes nothing, restarts nothing and asks little."""
    before = started(fleet, "north")
    ran = fleet.deploy("north")
    assert changes(ran) == {}
    assert ran.events("step") == []
    [recap] = ran.events("recap")
    assert recap["counts"]["ok"] == 1
    assert recap["counts"]["changed"] == 0
    assert commands(ran) <= MOST_COMMANDS
    assert started(fleet, "north") == before


@pytest.mark.promise("Running it again is safe")
def test_a_second_deploy_changes_nothing_and_restarts_nothing(host: FleetUnderTest) -> None:
    assert started(host, "north"), "there are containers to restart"
    assert_nothing_to_do(host)


def test_one_run_shows_every_drift_repairs_it_and_the_next_has_nothing_to_do(
    host: FleetUnderTest,
) -> None:
    sound = host.on("north", SOUND)
    before = started(host, "north")
    host.on(
        "north",
        f"""
        set -e
        echo 'net.ipv4.conf.all.accept_redirects = nonsense' >> {SYSCTL_PATH}
        sysctl --quiet --write net.ipv4.conf.all.accept_redirects=1
        rm {SSHD}
        systemctl reload ssh
        ufw disable
        echo '{{"live-restore": false}}' > /etc/docker/daemon.json
        systemctl stop fail2ban
        """,
    )
    assert host.on("north", SOUND, check=False) != sound
    ran = host.deploy("north")
    shown = changes(ran)
    assert set(shown) == {"sysctl", "sshd", "firewall", "docker", "fail2ban"}
    assert f"~ {SYSCTL_PATH}" in shown["sysctl"]["lines"]
    assert any("nonsense" in line for line in shown["sysctl"]["lines"])
    assert f"+ {SSHD}" in shown["sshd"]["lines"]
    assert "~ /etc/ufw/ufw.conf" in shown["firewall"]["lines"]
    assert any("ENABLED=yes" in line for line in shown["firewall"]["lines"])
    assert any("live-restore" in line for line in shown["docker"]["lines"])
    assert shown["fail2ban"]["summary"] == (
        "fail2ban: files are right, the running system is not; activated again"
    )
    assert host.on("north", SOUND) == sound
    assert started(host, "north") == before, "no container was restarted for any of it"
    assert_nothing_to_do(host)


def assert_only_change(host: FleetUnderTest, component: str, drift: str, look: str) -> None:
    """A drift of one component is all that the next deploy plans, and it puts it back."""
    sound = host.on("north", look)
    before = started(host, "north")
    host.on("north", drift)
    ran = host.deploy("north", more=("--role", "base,docker"))
    assert set(changes(ran)) == {component}
    assert host.on("north", look) == sound
    assert started(host, "north") == before


@pytest.mark.parametrize(
    ("component", "drift", "look"),
    [
        ("firewall", "iptables -F DOCKER-USER", "iptables -S DOCKER-USER | grep -v RETURN"),
        ("sudo", "chmod 0600 /etc/sudoers.d/90-bunker", "stat -c %a /etc/sudoers.d/90-bunker"),
    ],
)
def test_a_single_drift_is_the_only_change(
    host: FleetUnderTest, component: str, drift: str, look: str
) -> None:
    assert_only_change(host, component, drift, look)
