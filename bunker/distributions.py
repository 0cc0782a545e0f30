"""What differs between the supported distributions: one table, read by every role.

Algorithms are those of ssh-audit's hardening guides (Debian 12 v3, Debian 13 v1, Ubuntu 24.04 v3)
except that Debian 13 also keeps curve25519: SSH libraries without post-quantum key exchange,
the one that this tool logs in with included, would be locked out otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bunker.errors import BunkerError


@dataclass(frozen=True)
class SshAlgorithms:
    """Values of sshd's algorithm options, in order of preference.

    ``filter_moduli``: the key exchanges include Diffie-Hellman groups from the moduli file, from
    which groups under 3072 bits have to be left out.
    """

    key_exchange: tuple[str, ...]
    macs: tuple[str, ...]
    filter_moduli: bool
    ciphers: tuple[str, ...] = (
        "chacha20-poly1305@openssh.com",
        "aes256-gcm@openssh.com",
        "aes256-ctr",
        "aes192-ctr",
        "aes128-gcm@openssh.com",
        "aes128-ctr",
    )
    host_key: tuple[str, ...] = (
        "sk-ssh-ed25519-cert-v01@openssh.com",
        "ssh-ed25519-cert-v01@openssh.com",
        "rsa-sha2-512-cert-v01@openssh.com",
        "rsa-sha2-256-cert-v01@openssh.com",
        "sk-ssh-ed25519@openssh.com",
        "ssh-ed25519",
        "rsa-sha2-512",
        "rsa-sha2-256",
    )
    ca_signature: tuple[str, ...] = (
        "sk-ssh-ed25519@openssh.com",
        "ssh-ed25519",
        "rsa-sha2-512",
        "rsa-sha2-256",
    )
    gss_key_exchange: tuple[str, ...] = ("gss-curve25519-sha256-", "gss-group16-sha512-")


@dataclass(frozen=True)
class Distribution:
    """Names and facts of one release of one distribution.

    ``compose_release`` is the later release whose Compose v2 package is admitted by an apt pin
    where the release's own packages have none. ``ssh_socket_activated``: sshd's port belongs to
    ssh.socket, generated from sshd's configuration. ``engine_validates``: dockerd can check its
    configuration file. ``update_origins`` are unattended-upgrades' patterns for security updates.
    """

    identifier: str
    version: str
    codename: str
    name: str
    ssh: SshAlgorithms
    update_origins: tuple[str, ...]
    compose_package: str
    engine_packages: tuple[str, ...]
    engine_validates: bool
    compose_release: str | None = None
    ssh_socket_activated: bool = False
    ssh_service: str = "ssh.service"
    ssh_socket: str = "ssh.socket"
    time_service: str = "systemd-timesyncd.service"
    ufw_init: str = "/usr/lib/ufw/ufw-init"
    base_packages: tuple[str, ...] = (
        "apparmor",
        "auditd",
        "ca-certificates",
        "curl",
        "fail2ban",
        "git",
        "iproute2",
        "iptables",
        "kmod",
        "logrotate",
        "nftables",
        "openssh-server",
        "procps",
        "python3-systemd",
        "sudo",
        "systemd-timesyncd",
        "tzdata",
        "ufw",
        "unattended-upgrades",
    )


_ETM_256_FIRST: Final = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "umac-128-etm@openssh.com",
)
_ETM_512_FIRST: Final = (
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "umac-128-etm@openssh.com",
)

DEBIAN_12: Final = Distribution(
    identifier="debian",
    version="12",
    codename="bookworm",
    name="Debian 12",
    ssh=SshAlgorithms(
        key_exchange=(
            "sntrup761x25519-sha512",
            "sntrup761x25519-sha512@openssh.com",
            "curve25519-sha256",
            "curve25519-sha256@libssh.org",
            "gss-curve25519-sha256-",
            "diffie-hellman-group16-sha512",
            "gss-group16-sha512-",
            "diffie-hellman-group18-sha512",
            "diffie-hellman-group-exchange-sha256",
        ),
        macs=_ETM_256_FIRST,
        filter_moduli=True,
    ),
    update_origins=("origin=Debian,codename=bookworm-security,label=Debian-Security",),
    compose_package="docker-compose",
    engine_packages=("docker.io",),
    engine_validates=False,
    compose_release="trixie",
)

DEBIAN_13: Final = Distribution(
    identifier="debian",
    version="13",
    codename="trixie",
    name="Debian 13",
    ssh=SshAlgorithms(
        key_exchange=(
            "mlkem768x25519-sha256",
            "sntrup761x25519-sha512",
            "sntrup761x25519-sha512@openssh.com",
            "curve25519-sha256",
            "curve25519-sha256@libssh.org",
        ),
        macs=_ETM_512_FIRST,
        filter_moduli=False,
    ),
    update_origins=("origin=Debian,codename=trixie-security,label=Debian-Security",),
    compose_package="docker-compose",
    engine_packages=("docker.io", "docker-cli"),
    engine_validates=True,
)

UBUNTU_24_04: Final = Distribution(
    identifier="ubuntu",
    version="24.04",
    codename="noble",
    name="Ubuntu 24.04",
    ssh=SshAlgorithms(
        key_exchange=(
            "sntrup761x25519-sha512@openssh.com",
            "gss-curve25519-sha256-",
            "curve25519-sha256",
            "curve25519-sha256@libssh.org",
            "diffie-hellman-group18-sha512",
            "diffie-hellman-group-exchange-sha256",
            "gss-group16-sha512-",
            "diffie-hellman-group16-sha512",
        ),
        macs=_ETM_512_FIRST,
        filter_moduli=True,
    ),
    update_origins=(
        "origin=Ubuntu,archive=noble-security,label=Ubuntu",
        "origin=UbuntuESMApps,archive=noble-apps-security,label=UbuntuESMApps",
        "origin=UbuntuESM,archive=noble-infra-security,label=UbuntuESM",
    ),
    compose_package="docker-compose-v2",
    engine_packages=("docker.io",),
    engine_validates=True,
    ssh_socket_activated=True,
)

SUPPORTED: Final = (DEBIAN_12, DEBIAN_13, UBUNTU_24_04)


def distribution(os_release: Mapping[str, str]) -> Distribution:
    """The distribution that a host's /etc/os-release names.

    Raises :class:`BunkerError` for one that is not supported.
    """
    identifier, version = os_release.get("ID", ""), os_release.get("VERSION_ID", "")
    for candidate in SUPPORTED:
        if (candidate.identifier, candidate.version) == (identifier, version):
            return candidate
    found = os_release.get("PRETTY_NAME") or f"{identifier} {version}".strip() or "nothing"
    names = [candidate.name for candidate in SUPPORTED]
    raise BunkerError(
        f"the system is {found}, which is not supported",
        where="/etc/os-release",
        expected=f"{', '.join(names[:-1])} or {names[-1]}",
        remedy="Install one of these on the server and deploy again",
    )
