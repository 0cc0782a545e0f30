"""Kernel settings and modules."""

from pathlib import Path
from typing import Final

from bunker.bundle import Bundle, BundleFile, Component
from bunker.rendering import render, scripts

SCRIPTS = Path(__file__).parent / "scripts"
SYSCTL_PATH: Final = "/etc/sysctl.d/99-zz-bunker.conf"

SYSCTL: Final = (
    ("kernel.kptr_restrict", 2),
    ("kernel.dmesg_restrict", 1),
    ("kernel.perf_event_paranoid", 3),
    ("kernel.randomize_va_space", 2),
    ("kernel.sysrq", 0),
    ("kernel.unprivileged_bpf_disabled", 1),
    ("kernel.yama.ptrace_scope", 1),
    ("kernel.core_uses_pid", 1),
    ("dev.tty.ldisc_autoload", 0),
    ("fs.protected_fifos", 2),
    ("fs.protected_hardlinks", 1),
    ("fs.protected_regular", 2),
    ("fs.protected_symlinks", 1),
    ("fs.suid_dumpable", 0),
    ("net.core.bpf_jit_harden", 2),
    ("net.ipv4.ip_forward", 1),
    ("net.ipv4.tcp_syncookies", 1),
    ("net.ipv4.tcp_rfc1337", 1),
    ("net.ipv4.icmp_echo_ignore_broadcasts", 1),
    ("net.ipv4.icmp_ignore_bogus_error_responses", 1),
    *(
        (f"net.ipv4.conf.{interface}.{key}", value)
        for interface in ("all", "default")
        for key, value in (
            ("rp_filter", 2),
            ("accept_redirects", 0),
            ("secure_redirects", 0),
            ("send_redirects", 0),
            ("accept_source_route", 0),
            ("log_martians", 1),
        )
    ),
    *(
        (f"net.ipv6.conf.{interface}.{key}", 0)
        for interface in ("all", "default")
        for key in ("accept_redirects", "accept_source_route")
    ),
)
"""Forwarding stays on and the reverse path filter loose (2): Docker and hosts with several
addresses need both."""

BLACKLIST: Final = (
    "cramfs",
    "freevxfs",
    "jffs2",
    "hfs",
    "hfsplus",
    "udf",
    "dccp",
    "rds",
    "sctp",
    "tipc",
)


def sysctl_component() -> Component:
    """Kernel settings in a file of our own; in a container only those of its own network."""
    file = BundleFile(SYSCTL_PATH, render("base/sysctl.conf", values=SYSCTL))
    return Component(Bundle("sysctl", (file,)), **scripts(SCRIPTS, "sysctl", FILE=SYSCTL_PATH))


def modules_component() -> Component:
    """Kernel modules that may not be loaded; one that is loaded now stays until the next boot."""
    file = BundleFile(
        "/etc/modprobe.d/bunker.conf", render("base/modprobe.conf", modules=BLACKLIST)
    )
    shown = f'modprobe --showconfig -C "$STAGE{file.path}"'
    return Component(
        Bundle("modules", (file,)), validate=f'{shown} | grep -q "^install {BLACKLIST[0]} "'
    )
