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
class Distribution:
    """Names and facts of one release of one distribution.

    ``key_exchange`` and ``macs`` are what sshd accepts, in order of preference. ``compose_release``
    is the later release whose Compose v2 package is admitted by an apt pin where the release's own
    packages have none. ``engine_validates``: dockerd can check its configuration file.
    ``update_origins`` are unattended-upgrades' patterns for security updates.
    """

    identifier: str
    version: str
    codename: str
    name: str
    key_exchange: tuple[str, ...]
    macs: tuple[str, ...]
    update_origins: tuple[str, ...]
    compose_package: str
    engine_packages: tuple[str, ...]
    engine_validates: bool
    compose_release: str | None = None

    @property
    def filter_moduli(self) -> bool:
        """Whether sshd uses the moduli file, whose groups under 3072 bits have to be left out."""
        return "diffie-hellman-group-exchange-sha256" in self.key_exchange


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
    key_exchange=(
        "mlkem768x25519-sha256",
        "sntrup761x25519-sha512",
        "sntrup761x25519-sha512@openssh.com",
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
    ),
    macs=_ETM_512_FIRST,
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
    update_origins=(
        "origin=Ubuntu,archive=noble-security,label=Ubuntu",
        "origin=UbuntuESMApps,archive=noble-apps-security,label=UbuntuESMApps",
        "origin=UbuntuESM,archive=noble-infra-security,label=UbuntuESM",
    ),
    compose_package="docker-compose-v2",
    engine_packages=("docker.io",),
    engine_validates=True,
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
