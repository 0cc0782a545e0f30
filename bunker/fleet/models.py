"""What a host file may say: one validated object per host, the only thing that roles read."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
WORD = re.compile(r"[a-z]([a-z0-9_-]{0,61}[a-z0-9])?")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
ENVIRONMENT_KEY = re.compile(r"[A-Z][A-Z0-9_]*")
TIMEZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
PUBLIC_KEY = re.compile(r"((ssh|ecdsa|sk)-[a-z0-9@.-]+) [A-Za-z0-9+/]+=*( [^\n]*)?")
PASSWORD_IN_URL = re.compile(r"[a-z+]+://[^/@\s]*:[^/@\s]+@", re.IGNORECASE)
# Every host is in `all`; `notifications` is the owner of the fleet's own secrets.
RESERVED_NAMES = ("all", "notifications")


def _domain(value: str) -> str:
    labels = value.split(".")
    good = len(value) <= 253 and len(labels) >= 2 and all(map(LABEL.fullmatch, labels))
    if not good or labels[-1].isdigit():
        raise ValueError("expected a domain name such as north.example.org")
    return value.lower()


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        pass
    try:
        return _domain(value)
    except ValueError:
        raise ValueError("expected an IP address or a full host name") from None


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError("expected an address or a network such as 203.0.113.0/24") from None
    return value


def _no_boolean(value: Any) -> Any:
    # Python counts `true` as 1, so a slip of the pen would become port 1 or tier 1.
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return value


def _public_key(value: str) -> str:
    if not PUBLIC_KEY.fullmatch(value.strip()):
        raise ValueError("expected one line of a public SSH key (ssh-ed25519 AAAA… name)")
    return value.strip()


def _word(value: str) -> str:
    if not WORD.fullmatch(value):
        raise ValueError("expected lower-case letters, digits, dashes and underscores")
    return value


def _group(value: str) -> str:
    if value == "all":
        raise ValueError("expected another name: every host is in this group already")
    return _word(value)


def _option_safe(value: str) -> str:
    # These values become arguments of git and ssh on some machine; none may look like an option.
    if value.startswith("-") or any(letter.isspace() for letter in value):
        raise ValueError("expected no leading dash and no blanks")
    return value


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("expected a branch, a tag or a commit")
    return value


Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Port = Annotated[int, BeforeValidator(_no_boolean), Field(ge=1, le=65535)]
PublicKey = Annotated[str, AfterValidator(_public_key)]
Word = Annotated[str, AfterValidator(_word)]
GroupName = Annotated[str, AfterValidator(_group)]
OptionSafe = Annotated[str, AfterValidator(_option_safe)]
GitRef = Annotated[OptionSafe, AfterValidator(_not_empty)]


class Section(BaseModel):
    """Base of every part of a host file: unknown keys are errors, values are never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FirewallRule(Section):
    """One more port that the outside may reach; SSH, 80 and 443 are always open."""

    port: Port
    protocol: Literal["tcp", "udp"] = "tcp"
    source: str = "any"
    published: bool = Field(default=False, description="the port is published by a container")
    note: str = ""

    @field_validator("source")
    @classmethod
    def _source(cls, value: str) -> str:
        return value if value == "any" else _network(value)


class BaseSettings(Section):
    """Operating system: who may log in, what is open, how the clock and updates behave."""

    timezone: Annotated[str, Field(pattern=f"^{TIMEZONE.pattern}$")] = "UTC"
    authorized_keys: tuple[PublicKey, ...] = ()
    extra_packages: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]+$")], ...] = ()
    firewall: tuple[FirewallRule, ...] = ()
    ssh_listen_port: Port | None = Field(
        default=None, description="move sshd here; default: host's port"
    )
    fail2ban_ignore: tuple[Network, ...] = ()
    fail2ban_bantime_seconds: int = Field(default=3600, ge=60)
    fail2ban_maxretry: int = Field(default=5, ge=2)
    automatic_reboot: bool = False
    journald_max_megabytes: int = Field(default=500, ge=50)
    banner: str = "Authorised use only. Activity on this system is logged."


class DockerSettings(Section):
    """The engine: where images come from, how much it logs, which networks it may take."""

    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    address_pool: Network = "10.213.0.0/16"
    log_max_megabytes: int = Field(default=10, ge=1)
    log_max_files: int = Field(default=3, ge=1)


class ApplicationSettings(Section):
    """What the instance runs and where it stands on the host."""

    repository: OptionSafe = ""
    repository_host_keys: tuple[str, ...] = Field(
        default=(), description="known_hosts lines of a git server that is reached over SSH"
    )
    ref: GitRef = "v2"
    directory: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._-]+)+$")] = "/opt/changemaker-lite"
    project: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] = "changemaker-lite"
    health_timeout_seconds: int = Field(default=120, ge=5)
    deadman_seconds: int = Field(
        default=300,
        ge=15,
        description="an upgrade that nobody goes on with for so long is taken back by the host",
    )
    quiet_seconds: int = Field(
        default=5, ge=0, description="how long nothing may restart or log errors after an upgrade"
    )

    @field_validator("repository")
    @classmethod
    def _no_password(cls, value: str) -> str:
        # The message must not repeat the value: it holds a secret.
        if PASSWORD_IN_URL.match(value):
            raise ValueError("expected no password in the address: it belongs to the secrets")
        return value

    @field_validator("directory")
    @classmethod
    def _plain_path(cls, value: str) -> str:
        if {".", ".."} & set(value.split("/")):
            raise ValueError("expected an absolute path without .. in it")
        return value


class ResourceLimit(Section):
    """Upper bound of one Compose service; memory as Compose writes it (512m, 2g)."""

    memory: Annotated[str, Field(pattern=r"^[1-9][0-9]*[kmg]$")] | None = None
    cpus: float | None = Field(default=None, gt=0)


class Host(Section):
    """One host after its file, its groups' defaults and the fleet's defaults were merged."""

    name: str
    address: Address
    port: Port = 22
    user: Annotated[str, Field(pattern=f"^{USER.pattern}$")] = "deploy"
    domain: Domain
    tier: Annotated[Literal[1, 2], BeforeValidator(_no_boolean)] = 1
    label: str = ""
    groups: tuple[GroupName, ...] = ()
    tags: tuple[Word, ...] = ()
    notes: str = ""
    base: BaseSettings = BaseSettings()
    docker: DockerSettings = DockerSettings()
    application: ApplicationSettings = ApplicationSettings()
    features: dict[str, bool] = {}
    environment: dict[str, str] = {}
    resources: dict[str, ResourceLimit] = {}

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not NAME.fullmatch(value) or value in RESERVED_NAMES:
            raise ValueError("expected lower-case letters, digits and dashes, such as north-1")
        return value

    @field_validator("groups", "tags")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({item for item in value if value.count(item) > 1})
        if twice:
            raise ValueError(f"expected each name once; {', '.join(twice)} stands there twice")
        return value

    @field_validator("environment", mode="before")
    @classmethod
    def _plain_strings(cls, value: Any) -> Any:
        # YAML reads `8080` as a number and `true` as a boolean; the environment knows only text.
        if isinstance(value, dict):
            return {key: _environment_text(item) for key, item in value.items()}
        return value

    @field_validator("environment")
    @classmethod
    def _environment_keys(cls, value: dict[str, str]) -> dict[str, str]:
        wrong = [key for key in value if not ENVIRONMENT_KEY.fullmatch(key)]
        if wrong:
            names = ", ".join(wrong)
            raise ValueError(f"expected names in capitals such as SMTP_HOST; not so: {names}")
        return value


def _environment_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
