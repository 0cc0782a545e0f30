"""The operating system of every host: packages, clock, logins, firewall, updates, logs."""

from pyinfra.api.deploy import deploy

from bunker.distributions import distribution
from bunker.fleet.models import Host
from bunker.ops.context import current_system
from bunker.ops.logins import read_logins
from bunker.ops.packages import install_packages
from bunker.ops.place import place_components, read_components
from bunker.ops.recorder import recorder
from bunker.plan.changes import Change
from deploys.base import ROLE
from deploys.base.components import base_components
from deploys.base.logins import Logins, closing, login_of, remaining
from deploys.base.ssh import closed_ports, drop_in, keys_file, socket_ports
from deploys.base.sshd_files import DROP_IN, parsed, settings, weakened
from deploys.base.surroundings import read_surroundings, surprises


@deploy("base")
def base(host: Host) -> None:
    """Declare the operating system of one host."""
    system = current_system()
    release = distribution(system.os_release)
    logins = read_logins(system.found)
    components = base_components(host, release, logins)
    state = read_components(components)
    install_packages(ROLE, host)
    _announce(host, logins, drop_in(host, release))
    if not state.applied:
        for sentence in surprises(
            read_surroundings(system.found["surroundings"]), login_of(host, logins)
        ):
            recorder().note("base", sentence)
    place_components("base", components, state)


def _announce(host: Host, logins: Logins, ours: str) -> None:
    """Name the ways in that the new sshd configuration closes, and those that stay."""
    placed = any(item.file == DROP_IN for item in settings(logins.files))
    pinned = None
    if host.base.authorized_keys:
        pinned = keys_file(login_of(host, logins))
    for port, lines in closed_ports(host, logins):
        closed = f"sshd listens on port {port} no more"
        recorder().change(Change("base", "ssh port", "-", closed, tuple(f"- {at}" for at in lines)))
    for port in socket_ports(host, logins):
        recorder().note("base", f"ssh.socket has a setting of its own to listen on port {port}")
    for subject, sentence in closing(host, logins, pinned=pinned, placed=placed):
        recorder().change(Change("base", f"login {subject}", "-", sentence))
    for sentence in remaining(host, logins, pinned=pinned, placed=placed):
        recorder().note("base", sentence)
    for sentence in weakened(logins.files, parsed(ours)):
        recorder().note("base", sentence)
