"""sshd and who may log in by key."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Final

from bunker.bundle import Bundle, BundleFile
from bunker.distributions import Distribution
from bunker.errors import BunkerError, Problems
from bunker.fleet.models import Host
from bunker.roles.base.firewall import ssh_ports
from bunker.roles.component import Component
from bunker.roles.rendering import render, script

SCRIPTS = Path(__file__).parent / "scripts"
DROP_IN: Final = "/etc/ssh/sshd_config.d/00-bunker.conf"
SMALLEST_RSA_BITS: Final = 3072
ACCEPTED_KEYS: Final = ("ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-rsa")


def sshd_component(host: Host, distribution: Distribution) -> Component:
    """Keys only, no root, strong algorithms. Reloaded, so that sessions stay."""
    content = render(
        "base/sshd.conf",
        ports=ssh_ports(host),
        # A host that is managed as root keeps its door, for keys only.
        permit_root_login="prohibit-password" if host.user == "root" else "no",
        ssh=distribution.ssh,
    )
    names = {
        "PORTS": " ".join(map(str, ssh_ports(host))),
        "SERVICE": distribution.ssh_service,
        "SOCKET": distribution.ssh_socket,
        "MODULI": "/etc/ssh/moduli.bunker" if distribution.ssh.filter_moduli else "",
    }
    activate = script(SCRIPTS / "sshd_activate.sh", **names)
    return Component(
        bundle=Bundle("sshd", (BundleFile(DROP_IN, content, mode=0o600),)),
        validate=script(SCRIPTS / "sshd_validate.sh", **names),
        activate=activate,
        check=script(SCRIPTS / "sshd_check.sh", **names),
        confirm_login=True,
        revert_activate=script(SCRIPTS / "sshd_revert.sh", **names),
        login_ports=ssh_ports(host),
    )


def home(user: str) -> str:
    """Home directory of the user that the inventory logs in with."""
    return "/root" if user == "root" else f"/home/{user}"


def key_problem(key: str) -> str | None:
    """Why sshd, as it is configured here, would refuse this public key; None if it would not."""
    kind, encoded = key.split()[:2]
    if kind not in ACCEPTED_KEYS:
        return f"a key of the kind {kind} is not accepted by the hardened sshd"
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return "the key is not whole (its base64 part cannot be read)"
    fields = []
    while len(blob) >= 4:
        length = int.from_bytes(blob[:4], "big")
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    if not fields or fields[0] != kind.encode():
        return "the key is not whole (its base64 part is of another kind)"
    if kind == "ssh-rsa":
        bits = int.from_bytes(fields[2], "big").bit_length() if len(fields) == 3 else 0
        if bits < SMALLEST_RSA_BITS:
            return f"an RSA key of {bits} bits is not accepted by the hardened sshd"
    return None


def keys_component(host: Host) -> Component | None:
    """The user's authorized keys; None where the host file names none: the file is left alone.

    Raises :class:`Problems` for keys that sshd would refuse, before anything is touched.
    """
    keys = host.base.authorized_keys
    if not keys:
        return None
    problems = []
    for number, key in enumerate(keys):
        if problem := key_problem(key):
            where = f"{host.name}: base.authorized_keys[{number}]"
            expected = f"ssh-ed25519, sk-ssh-ed25519 or RSA of {SMALLEST_RSA_BITS} bits and more"
            problems.append(BunkerError(problem, where=where, expected=expected))
    if problems:
        raise Problems("keys that nobody could log in with", problems)
    directory = f"{home(host.user)}/.ssh"
    path = f"{directory}/authorized_keys"
    content = render("base/authorized_keys", keys=keys)
    names = {"OWNER": host.user, "DIRECTORY": directory}
    return Component(
        bundle=Bundle(
            "authorized-keys",
            (BundleFile(path, content, mode=0o600, owner=host.user, group=host.user),),
        ),
        validate=f'ssh-keygen -l -f "$STAGE{path}" >/dev/null',
        activate=script(SCRIPTS / "keys_activate.sh", **names),
        check=f"[ \"$(stat -c '%U %a' {directory})\" = '{host.user} 700' ]",
        confirm_login=True,
    )
