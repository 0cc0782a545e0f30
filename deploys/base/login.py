"""What people meet when they log in: sudo, banner, umask."""

from pathlib import Path
from typing import Final

from bunker.bundle import Bundle, BundleFile
from bunker.component import Component
from bunker.fleet.models import Host
from bunker.rendering import as_it_is, render, script

SCRIPTS = Path(__file__).parent / "scripts"
SUDOERS: Final = "/etc/sudoers.d/90-bunker"


def sudo_component(host: Host) -> Component:
    """The user's sudo without password, in a terminal of its own, with a log of commands."""
    files = (
        BundleFile(SUDOERS, render("base/sudoers", user=host.user), mode=0o440),
        BundleFile("/etc/logrotate.d/bunker-sudo", as_it_is("base/sudo-logrotate")),
    )
    validate = (
        f"visudo -c -f \"$STAGE{SUDOERS}\"\ngrep -Eq '^[@#]includedir /etc/sudoers.d' /etc/sudoers"
    )
    return Component(Bundle("sudo", files), validate=validate, confirm_login=True)


def login_component(host: Host) -> Component:
    """Banner before login, message after it, and the umask of new sessions (027)."""
    banner = f"{host.base.banner}\n".encode()
    motd = render("base/motd", name=host.label or host.name, domain=host.domain, tier=host.tier)
    files = (
        BundleFile("/etc/issue", banner),
        BundleFile("/etc/issue.net", banner),
        BundleFile("/etc/motd", motd),
    )
    return Component(
        Bundle("login", files),
        activate=script(SCRIPTS / "login_activate.sh"),
        check="grep -Eq '^UMASK[[:space:]]+027$' /etc/login.defs",
    )
