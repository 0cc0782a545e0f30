"""Every component of a host that somebody changed by hand, one at a time."""

from __future__ import annotations

import pytest

from tests.lab.fleet_under_test import FleetUnderTest
from tests.lab.test_host_drift import assert_only_change, host

__all__ = ["host"]

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    ("component", "drift", "look"),
    [
        ("firewall", "iptables -P INPUT ACCEPT", "iptables -S INPUT | head -n 1"),
        ("sysctl", "sysctl -qw net.ipv4.tcp_syncookies=0", "sysctl net.ipv4.tcp_syncookies"),
        (
            "fail2ban",
            "fail2ban-client set sshd delaction bunker",
            "fail2ban-client get sshd actions",
        ),
        (
            "journal",
            "rm /etc/systemd/journald.conf.d/50-bunker.conf",
            "ls /etc/systemd/journald.conf.d",
        ),
        (
            "updates",
            "systemctl disable --now -q apt-daily.timer",
            "systemctl is-enabled apt-daily.timer",
        ),
        ("docker", "systemctl disable -q docker", "systemctl is-enabled docker"),
    ],
)
def test_a_single_drift_is_the_only_change(
    host: FleetUnderTest, component: str, drift: str, look: str
) -> None:
    assert_only_change(host, component, drift, look)
