"""Updates, journal, clock, audit, and what people meet when they log in: sudo, banner, umask."""

from pathlib import Path
from typing import Final

from bunker.bundle import Bundle, BundleFile, Component
from bunker.distributions import Distribution
from bunker.fleet.models import Host
from bunker.rendering import as_it_is, render, script, scripts
from bunker.shell import CLEAN_SHELL

SCRIPTS = Path(__file__).parent / "scripts"
SUDOERS: Final = "/etc/sudoers.d/90-bunker"
APPARMOR: Final = "/sys/module/apparmor/parameters/enabled"
APT_FILES: Final = (
    ("/etc/apt/apt.conf.d/20auto-upgrades", "base/apt-periodic"),
    ("/etc/apt/apt.conf.d/52bunker-unattended-upgrades", "base/unattended-upgrades"),
)


def updates_component(host: Host, distribution: Distribution) -> Component:
    """Security updates by themselves, every day; a reboot only where the host file allows it."""
    values = {"origins": distribution.update_origins, "reboot": host.base.automatic_reboot}
    files = tuple(BundleFile(path, render(template, **values)) for path, template in APT_FILES)
    parses = "\n".join(
        f'APT_CONFIG="$STAGE{file.path}" apt-config dump Unattended-Upgrade >/dev/null'
        for file in files
    )
    timers = "apt-daily.timer apt-daily-upgrade.timer"
    return Component(
        bundle=Bundle("updates", files),
        validate=parses,
        activate=f"systemctl enable --quiet --now {timers}",
        # Asked about several units at once, systemctl is content with any one of them.
        check=f"for timer in {timers}; do\n"
        'systemctl is-enabled --quiet "$timer"\nsystemctl is-active --quiet "$timer"\ndone',
    )


def journal_component(host: Host) -> Component:
    """A journal that survives a reboot and cannot fill the disk."""
    path = "/etc/systemd/journald.conf.d/50-bunker.conf"
    content = render("base/journald.conf", megabytes=host.base.journald_max_megabytes)
    return Component(
        bundle=Bundle("journal", (BundleFile(path, content),)),
        # Restarting journald loses nothing: systemd keeps the services' streams open meanwhile.
        activate="systemctl restart systemd-journald.service",
        check="systemctl is-active --quiet systemd-journald.service\n[ -d /var/log/journal ]",
    )


def time_component(host: Host) -> Component:
    """Time zone and time synchronisation (which a container leaves to the machine below)."""
    zone = host.base.timezone
    made = scripts(SCRIPTS, "time", ZONE=zone, SERVICE="systemd-timesyncd.service")
    there = f"[ -f /usr/share/zoneinfo/{zone} ]"
    made["validate"] = f"{there} || {{ echo 'no time zone {zone}'; exit 1; }}"
    file = BundleFile("/etc/timezone", f"{zone}\n".encode())
    return Component(Bundle("time", (file,)), **made)


def revert_component() -> Component:
    """After a reboot, too, a change that no fresh login confirmed is put back."""
    unit = "bunker-put-back-at-boot.service"
    content = render("base/put-back-at-boot.service", shell=CLEAN_SHELL)
    return Component(
        bundle=Bundle("revert", (BundleFile(f"/etc/systemd/system/{unit}", content),)),
        activate=f"systemctl daemon-reload\nsystemctl enable --quiet {unit}",
        check=f"systemctl is-enabled --quiet {unit}",
    )


def apparmor_component() -> Component:
    """AppArmor's profiles, where the kernel has AppArmor; it places no file."""
    return Component(Bundle("apparmor", ()), **scripts(SCRIPTS, "apparmor", PARAMETER=APPARMOR))


def audit_component() -> Component:
    """Audit rules for what changes logins and privileges, loaded where there is a kernel to ask.

    In a container the units are conditioned out, so that they do not stand there as failed.
    """
    condition = as_it_is("base/not-in-container.conf")
    units = ("auditd.service", "audit-rules.service")
    drop_ins = tuple(
        BundleFile(f"/etc/systemd/system/{unit}.d/bunker.conf", condition) for unit in units
    )
    rules = BundleFile(
        "/etc/audit/rules.d/50-bunker.rules", as_it_is("base/audit.rules"), mode=0o640
    )
    return Component(Bundle("audit", (rules, *drop_ins)), **scripts(SCRIPTS, "audit"))


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
