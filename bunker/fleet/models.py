"""What a host file may say: one validated object per host, the only thing that roles read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from bunker.fleet.addresses import Address, Domain, HttpAddress, Network, Port, Registry, Source
from bunker.fleet.roles import Choices
from bunker.values import (
    DaemonKey,
    Directory,
    EnvironmentKey,
    EnvironmentValue,
    GitRef,
    GroupName,
    HostName,
    Interface,
    KnownHost,
    Line,
    Memory,
    Package,
    Project,
    PublicKey,
    Repository,
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
    """One more port that the outside may reach; SSH, 80 and 443 are always open."""

    port: Port
    protocol: Literal["tcp", "udp"] = "tcp"
    source: Source = "any"
    published: bool = Field(default=False, description="the port is published by a container")
    note: Line = ""


class BaseSettings(Section):
    """Operating system: who may log in, what is open, how the clock and updates behave."""

    timezone: TimeZone = "UTC"
    authorized_keys: tuple[PublicKey, ...] = ()
    extra_packages: tuple[Package, ...] = ()
    firewall: tuple[FirewallRule, ...] = ()
    ssh_listen_port: Port | None = Field(
        default=None, description="move sshd here; default: host's port"
    )
    trusted_interfaces: tuple[Interface, ...] = Field(
        default=(), description="VPN interfaces whose own forwarding rules may stay"
    )
    fail2ban_ignore: tuple[Network, ...] = ()
    fail2ban_bantime_seconds: Annotated[int, *number(60, 52 * WEEK)] = 3600
    fail2ban_maxretry: Annotated[int, *number(2, 1000)] = 5
    automatic_reboot: bool = False
    journald_max_megabytes: Annotated[int, *number(50, 1_000_000)] = 500
    banner: Text = "Authorised use only. Activity on this system is logged."


class DockerSettings(Section):
    """The engine: where images come from, how much it logs, which networks it may take."""

    registry_mirrors: tuple[HttpAddress, ...] = ()
    insecure_registries: tuple[Registry, ...] = ()
    address_pool: Network = "10.213.0.0/16"
    daemon: dict[DaemonKey, bool | int | Line] = Field(
        default={}, description="more keys of daemon.json, such as data-root of a bigger disk"
    )
    log_max_megabytes: Annotated[int, *number(1, 100_000)] = 10
    log_max_files: Annotated[int, *number(1, 1000)] = 3


class ApplicationSettings(Section):
    """What the instance runs and where it stands on the host."""

    repository: Repository = ""
    repository_host_keys: tuple[KnownHost, ...] = Field(
        default=(), description="known_hosts lines of a git server that is reached over SSH"
    )
    ref: GitRef = "v2"
    directory: Directory = "/opt/changemaker-lite"
    project: Project = "changemaker-lite"
    health_timeout_seconds: Annotated[int, *number(5, 86_400)] = 120
    deadman_seconds: Annotated[int, *number(15, WEEK)] = Field(
        default=300,
        description="an upgrade whose controller is silent for so long is rolled back by the host",
    )
    quiet_seconds: Annotated[int, *number(0, 86_400)] = Field(
        default=5, description="how long nothing may restart or log errors after an upgrade"
    )


class ResourceLimit(Section):
    """Upper bound of one Compose service; memory as Compose writes it (512m, 2g)."""

    memory: Memory | None = None
    cpus: Annotated[float, BeforeValidator(no_boolean), Field(gt=0, le=1024)] | None = None


class Host(Section):
    """One host after its file, its groups' defaults and the fleet's defaults were merged."""

    name: HostName
    address: Address
    port: Port = 22
    user: UserName = "deploy"
    domain: Domain
    tier: Annotated[Literal[1, 2], BeforeValidator(no_boolean)] = 1
    label: Line = ""
    groups: tuple[GroupName, ...] = ()
    tags: tuple[Word, ...] = ()
    notes: Text = ""
    base: BaseSettings = BaseSettings()
    docker: DockerSettings = DockerSettings()
    roles: Choices = Choices()
    application: ApplicationSettings = ApplicationSettings()
    features: dict[Word, bool] = Field(default={})
    environment: dict[EnvironmentKey, EnvironmentValue] = Field(default={})
    resources: dict[Word, ResourceLimit] = Field(default={})

    @field_validator("groups", "tags")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({item for item in value if value.count(item) > 1})
        if twice:
            raise ValueError(f"expected each name once; {', '.join(twice)} stands there twice")
        return value
