"""sshd and who may log in by key."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import bunker
from bunker.bundle import Bundle, BundleFile, Component
from bunker.distributions import Distribution
from bunker.errors import BunkerError, refuse
from bunker.fleet.models import Host
from bunker.rendering import render, script
from bunker.shell import script_file
from deploys.base.firewall import ssh_ports
from deploys.base.logins import Login, Logins, home_problem
from deploys.base.ssh_socket import UNIT, socket_problems
from deploys.base.sshd_files import (
    DROP_IN,
    INCLUDE,
    MAIN,
    listening_problem,
    parsed,
    read_before_ours,
    rewritten,
    settings,
)

SCRIPTS = Path(__file__).parent / "scripts"
# Of the program, wherever the fleet keeps its roles.
OPS_SCRIPTS = Path(bunker.__file__).parent / "ops/scripts"
KEYS: Final = ".ssh/authorized_keys"
SMALLEST_RSA_BITS: Final = 3072
ACCEPTED_KEYS: Final = ("ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-rsa")


def drop_in(host: Host, distribution: Distribution) -> str:
    """Our part of sshd's configuration."""
    return render(
        "base/sshd.conf",
        ports=ssh_ports(host),
        # A host that is managed as root keeps its door, for keys only.
        permit_root_login="prohibit-password" if host.user == "root" else "no",
        user=host.user,
        keys=KEYS if host.base.authorized_keys else "",
        distribution=distribution,
    ).decode()


def sshd_component(host: Host, distribution: Distribution, logins: Logins) -> Component:
    """Keys only, no root, strong algorithms. Reloaded, so that sessions stay.

    The host's own configuration makes room where it would be read first, or names other ports.
    Raises :class:`Problems` where it cannot.
    """
    content = drop_in(host, distribution)
    ours, ports = parsed(content), ssh_ports(host)
    foreign = rewritten(logins.files, ours, ports)
    problems = [*read_before_ours(logins.files, ours), *_not_ours_to_change(foreign, logins)]
    if problem := listening_problem(logins.files, ports):
        problems.append(problem)
    if logins.socket:
        problems += socket_problems(host, logins.unit)
    refuse(f"sshd's configuration on {host.name}", problems)
    files = [BundleFile(DROP_IN, content.encode(), mode=0o600)]
    for path, lines in sorted(foreign.items()):
        text = "".join(f"{line}\n" for line in lines).encode()
        files.append(BundleFile(path, text, mode=logins.modes.get(path, 0o644), once=True))
    names = {
        "PORTS": " ".join(map(str, sorted(ports))),
        "LOGIN": host.user,
        "KEYS": KEYS if host.base.authorized_keys else "",
        "SERVICE": "ssh.service",
        "SOCKET": UNIT,
        "MODULI": "/etc/ssh/moduli.bunker" if distribution.filter_moduli else "",
    }
    return Component(
        bundle=Bundle("sshd", tuple(files)),
        validate=_script("sshd_validate", names),
        activate=_script("sshd_activate", names),
        check=_script("sshd_check", names),
        confirm_login=True,
        revert_activate=_script("sshd_revert", names),
        login_ports=ports,
    )


def _script(name: str, names: Mapping[str, str]) -> str:
    asking = (script_file(OPS_SCRIPTS / f"{part}.sh") for part in ("sshd_session", "sshd_ports"))
    return "".join(asking) + script(SCRIPTS / f"{name}.sh", **names)


def _not_ours_to_change(
    foreign: Mapping[str, tuple[str, ...]], logins: Logins
) -> Iterator[BunkerError]:
    for path in foreign:
        if path in logins.files and path not in logins.modes:
            reason = "it is a symbolic link"
        elif not path.startswith("/etc/ssh/"):
            reason = "it does not lie below /etc/ssh"
        else:
            continue
        yield BunkerError(
            f"lines of it have to change, and {reason}",
            where=path,
            expected=f"ports are set in {DROP_IN} alone, and {MAIN} begins with {INCLUDE!r}",
            remedy="Change the file by hand, and deploy again",
        )


def closed_ports(host: Host, logins: Logins) -> list[tuple[int, tuple[str, ...]]]:
    """Ports on which sshd listens now and will not any more, and where they are set."""
    found = []
    for port in logins.ports:
        if port in ssh_ports(host):
            continue
        named = [
            item.place
            for item in settings(logins.files)
            if item.own_port == port or (item.keyword == "port" and item.value == str(port))
        ]
        # A socket's own drop-in may name a port; sshd's configuration does not decide about it.
        if named or not logins.socket:
            found.append((port, tuple(named)))
    return found


def socket_ports(host: Host, logins: Logins) -> list[int]:
    """Further ports on which systemd listens in sshd's place, by a setting of its own."""
    closed = [port for port, _ in closed_ports(host, logins)]
    known = (*ssh_ports(host), *closed)
    return [port for port in logins.ports if logins.socket and port not in known]


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


def keys_file(login: Login) -> str:
    """Where the login's keys are, as the host's passwd says."""
    return f"{login.home.rstrip('/')}/{KEYS}"


def keys_component(host: Host, login: Login) -> Component | None:
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
    if home := home_problem(host, login):
        problems.append(home)
    refuse("keys that allow no login", problems)
    path = keys_file(login)
    directory = path.rsplit("/", 1)[0]
    content = render("base/authorized_keys", keys=keys)
    names = {"OWNER": login.name, "DIRECTORY": directory}
    return Component(
        bundle=Bundle(
            "authorized-keys", (BundleFile(path, content, mode=0o600, owner=login.name),)
        ),
        validate=f'ssh-keygen -l -f "$STAGE{path}" >/dev/null',
        activate=script(SCRIPTS / "keys_activate.sh", **names),
        check=f"[ \"$(stat -c '%U %a' {directory})\" = '{login.name} 700' ]",
        confirm_login=True,
    )
