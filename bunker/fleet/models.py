"""What a host file may say: one validated object per host, the only thing that roles read."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bunker.addresses import Address, Domain, HttpAddress, Network, Port, Registry, Source
from bunker.applications.settings import ApplicationSettings
from bunker.fleet.roles import Applications, Choices, completed
from bunker.values import (
    DaemonKey,
    EnvironmentKey,
    EnvironmentValue,
    GroupName,
    HostName,
    Interface,
    Line,
    Package,
    PublicKey,
    ResourceLimit,
    Section,
    Text,
    TimeZone,
    UserName,
    Word,
    no_boolean,
    number,
)

WEEK = 7 * 86_400


class FirewallRule(Section):
    """One more port that the outside may reach; SSH and its roles' ports are always open."""

    port: Port
    """Port number that the outside may reach."""
    protocol: Literal["tcp", "udp"] = "tcp"
    """tcp or udp."""
    source: Source = "any"
    """Address or network that may reach it; any: everybody."""
    published: bool = Field(default=False, description="the port is published by a container")
    note: Line = ""
    """What it is for."""


class BaseSettings(Section):
    """Operating system: who may log in, what is open, how the clock and updates behave."""

    timezone: TimeZone = "UTC"
    """Time zone such as Europe/Berlin."""
    authorized_keys: tuple[PublicKey, ...] = ()
    """Public SSH keys that may log in; given, they replace those on the host."""
    extra_packages: tuple[Package, ...] = ()
    """More packages to install."""
    firewall: tuple[FirewallRule, ...] = ()
    """More ports that the outside may reach; SSH, 80 and 443 are always open."""
    ssh_listen_port: Port | None = Field(
        default=None, description="move sshd here; default: host's port"
    )
    trusted_interfaces: tuple[Interface, ...] = Field(
        default=(), description="VPN interfaces whose own forwarding rules may stay"
    )
    fail2ban_ignore: tuple[Network, ...] = ()
    """Addresses and networks that are never banned."""
    fail2ban_bantime_seconds: Annotated[int, *number(60, 52 * WEEK)] = 3600
    """How long an address is banned after failed logins."""
    fail2ban_maxretry: Annotated[int, *number(2, 1000)] = 5
    """Failed logins after which an address is banned."""
    automatic_reboot: bool = False
    """Whether unattended upgrades may reboot the host."""
    journald_max_megabytes: Annotated[int, *number(50, 1_000_000)] = 500
    """How much disk the journal may take."""
    banner: Text = "Authorised use only. Activity on this system is logged."
    """Shown before a login."""


class DockerSettings(Section):
    """The engine: where images come from, how much it logs, which networks it may take."""

    registry_mirrors: tuple[HttpAddress, ...] = ()
    """Mirrors that are asked first for public images."""
    insecure_registries: tuple[Registry, ...] = ()
    """Registries without TLS: HOST:PORT, or networks."""
    address_pool: Network = "10.213.0.0/16"
    """Network from which Docker takes those of its projects."""
    daemon: dict[DaemonKey, bool | int | Line] = Field(
        default={}, description="more keys of daemon.json, such as data-root of a bigger disk"
    )
    log_max_megabytes: Annotated[int, *number(1, 100_000)] = 10
    """Size at which a container's log is rotated."""
    log_max_files: Annotated[int, *number(1, 1000)] = 3
    """How many logs of a container are kept."""


class Host(Section):
    """One host after its file, its groups' defaults and the fleet's defaults were merged."""

    name: HostName
    """Must equal the file's name."""
    address: Address
    """IP address or full host name on which sshd answers."""
    port: Port = 22
    """Port of sshd."""
    user: UserName = "deploy"
    """Logs in with a key, and may use sudo without a password."""
    domain: Domain
    """Domain of the instance."""
    tier: Annotated[Literal[1, 2], BeforeValidator(no_boolean)] = 1
    """1: managed. 2: managed and reporting to central."""
    label: Line = ""
    """The name that people see."""
    groups: tuple[GroupName, ...] = ()
    """Defaults come from group_data/GROUP.py; the last group wins. Roles follow from groups."""
    tags: tuple[Word, ...] = ()
    """For choosing hosts; they have no meaning of their own."""
    notes: Text = ""
    """Whom to call, what is special."""
    base: BaseSettings = BaseSettings()
    """Operating system: logins, firewall, clock, updates."""
    docker: DockerSettings = DockerSettings()
    """The engine: registries, logs, networks."""
    roles: Choices = Choices()
    """Roles switched on or off: true, false, or a role's settings."""
    application: ApplicationSettings = ApplicationSettings()
    """What the instance runs and where it stands."""
    applications: Applications = Field(default={})
    """More applications beside that one, by name."""
    features: dict[Word, bool] = Field(default={})
    """Features of the application, on or off."""
    environment: dict[EnvironmentKey, EnvironmentValue] = Field(default={})
    """Plain keys of the application's .env; never a secret."""
    resources: dict[Word, ResourceLimit] = Field(default={})
    """Upper bounds by Compose service."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, value: Any) -> Any:
        return completed(value) if isinstance(value, Mapping) else value

    @field_validator("groups", "tags")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({item for item in value if value.count(item) > 1})
        if twice:
            raise ValueError(f"expected each name once; {', '.join(twice)} stands there twice")
        return value
