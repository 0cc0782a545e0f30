"""Changes that lock the operator out, for tests of undoing them; run in the worker's own process.

Each is a component like those of the real roles: its file is loaded into the kernel's firewall.
"""

from __future__ import annotations

from dataclasses import replace

from pyinfra.context import ctx_host

from bunker.bundle import Bundle, BundleFile, Component
from bunker.distributions import distribution
from bunker.ops.context import current_host, current_system
from bunker.ops.logins import read_logins
from bunker.ops.place import place_components, read_components
from deploys.base.ssh import sshd_component

FILE = "/etc/lockout.nft"


def _drop(packets: str) -> Component:
    rules = f"""\
table inet lockout {{
  chain incoming {{ type filter hook input priority -200; {packets} drop; }}
}}
"""
    return Component(
        bundle=Bundle("lockout", (BundleFile(FILE, rules.encode()),)),
        validate=f'nft --check --file "$STAGE{FILE}"',
        activate=f"nft delete table inet lockout 2>/dev/null || true\nnft --file {FILE}",
        check="nft list table inet lockout",
        confirm_login=True,
        # After a reboot there is no such table any more.
        revert_activate="nft delete table inet lockout 2>/dev/null || true",
        confirm_seconds=ctx_host.get().data.get("bunker_confirm_seconds", 90),
    )


def _place(component: Component) -> None:
    place_components("test", [component], read_components([component]))


def new_connections() -> None:
    """Nobody gets in any more; who is in stays."""
    _place(_drop("tcp dport 22 ct state new"))


def every_packet() -> None:
    """The open session is cut off as well."""
    _place(_drop("tcp dport 22"))


def half_activated() -> None:
    """The change takes hold, and then its activation fails."""
    component = _drop("tcp dport 22 ct state new")
    _place(replace(component, activate=f"{component.activate}\necho 'no such thing' >&2; exit 3"))


def invalid_sshd() -> None:
    """The real sshd component with a line in it that sshd does not know."""
    system = current_system()
    logins = read_logins(system.found)
    component = sshd_component(current_host(), distribution(system.os_release), logins)
    (file,) = component.bundle.files
    wrong = replace(file, content=file.content + b"NoSuchOption yes\n")
    _place(replace(component, bundle=Bundle("sshd", (wrong,))))
