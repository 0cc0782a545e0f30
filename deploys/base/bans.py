"""fail2ban: addresses that guess passwords or keys are kept out of the host and its containers."""

from pathlib import Path
from typing import Final

from bunker.bundle import Bundle, BundleFile, Component
from bunker.fleet.models import Host
from bunker.rendering import as_it_is, render, scripts
from deploys.base.firewall import ssh_ports

SCRIPTS = Path(__file__).parent / "scripts"
TABLE: Final = "bunker-bans"
JAIL_FILE: Final = "/etc/fail2ban/jail.d/zz-bunker.local"


def fail2ban_component(host: Host, *, application_log: str | None = None) -> Component:
    """A jail for sshd, and one for the application's login where nginx writes ``application_log``.

    ``application_log`` is an absolute path on the host of an access log in nginx's combined
    format that exists already: fail2ban does not start on a path that is not there.
    """
    jails = render(
        "base/fail2ban-jails",
        ignore=("127.0.0.0/8", "::1", *host.base.fail2ban_ignore),
        bantime=host.base.fail2ban_bantime_seconds,
        maxretry=host.base.fail2ban_maxretry,
        ssh_ports=ssh_ports(host),
        application_log=application_log,
    )
    files = (
        BundleFile(JAIL_FILE, jails),
        BundleFile(
            "/etc/fail2ban/action.d/bunker.conf", render("base/fail2ban-action", table=TABLE)
        ),
        BundleFile(
            "/etc/fail2ban/filter.d/bunker-sshd.conf", as_it_is("base/fail2ban-sshd-filter")
        ),
        BundleFile("/etc/fail2ban/filter.d/changemaker.conf", as_it_is("base/fail2ban-filter")),
    )
    names = "sshd changemaker" if application_log else "sshd"
    return Component(
        Bundle("fail2ban", files), **scripts(SCRIPTS, "fail2ban", TABLE=TABLE, JAILS=names)
    )
