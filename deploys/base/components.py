"""The base role: a hardened operating system. Pure: what to place and how to activate it."""

from collections.abc import Mapping
from typing import Final

from bunker.bundle import Component
from bunker.distributions import Distribution
from bunker.fleet.models import Host
from deploys.base.bans import fail2ban_component
from deploys.base.firewall import firewall_component
from deploys.base.kernel import modules_component, sysctl_component
from deploys.base.logins import Logins, login_of
from deploys.base.ssh import keys_component, sshd_component
from deploys.base.system import (
    apparmor_component,
    audit_component,
    journal_component,
    login_component,
    revert_component,
    sudo_component,
    time_component,
    updates_component,
)

PACKAGES: Final = """apparmor auditd ca-certificates curl fail2ban git iproute2 iptables kmod
    logrotate nftables openssh-server procps python3-systemd sudo systemd-timesyncd tzdata ufw
    unattended-upgrades"""


def base_packages(
    host: Host, _distribution: Distribution, _installed: Mapping[str, str]
) -> tuple[str, ...]:
    """Packages of the base role, sorted, each once; they come before the components."""
    return tuple(sorted({*PACKAGES.split(), *host.base.extra_packages}))


def base_components(
    host: Host,
    distribution: Distribution,
    logins: Logins,
    *,
    application_log: str | None = None,
) -> list[Component]:
    """The components of the base role in the order in which they have to be placed.

    What puts unconfirmed changes back at boot comes before the first such change, keys before
    sshd forbids passwords, sudo before anything else depends on it. The firewall opens a new SSH
    port before sshd moves to it, and the banner stands before sshd names it. fail2ban comes last:
    it needs the firewall's tools and sshd's final ports. See
    :func:`deploys.base.bans.fail2ban_component` for ``application_log``.
    """
    keys = keys_component(host, login_of(host, logins))
    return [
        revert_component(),
        sudo_component(host),
        *([keys] if keys else []),
        login_component(host),
        sysctl_component(),
        modules_component(),
        journal_component(host),
        time_component(host),
        updates_component(host, distribution),
        audit_component(),
        apparmor_component(),
        firewall_component(host),
        sshd_component(host, distribution, logins),
        fail2ban_component(host, application_log=application_log),
    ]
