"""What a host's file says of an application of any kind. Pure."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from bunker.application.layout import MAIN
from bunker.values import (
    AppName,
    Directory,
    GitRef,
    KnownHost,
    Project,
    Repository,
    Section,
    SettingValue,
    Word,
    number,
)

WEEK: Final = 7 * 86_400


class ApplicationSettings(Section):
    """Its code, where it stands on the host, and how long its changes may take."""

    repository: Repository = ""
    """Address of the application's git repository."""
    repository_host_keys: tuple[KnownHost, ...] = Field(
        default=(), description="known_hosts lines of a git server that is reached over SSH"
    )
    ref: GitRef = "v2"
    """Branch, tag or commit."""
    directory: Directory = "/opt/changemaker-lite"
    """Where it stands on the host."""
    project: Project = "changemaker-lite"
    """Name of its Compose project."""
    health_timeout_seconds: Annotated[int, *number(5, 86_400)] = 120
    """How long it may take until it is healthy."""
    deadman_seconds: Annotated[int, *number(15, WEEK)] = Field(
        default=300,
        description="an upgrade whose controller is silent for so long is rolled back by the host",
    )
    quiet_seconds: Annotated[int, *number(0, 86_400)] = Field(
        default=5, description="how long nothing may restart or log errors after an upgrade"
    )

    @property
    def name(self) -> str:
        """Its name on the host."""
        return MAIN

    @property
    def set_values(self) -> Mapping[str, SettingValue]:
        """Keys of its Compose files that have other values; none for a kind without ``set``."""
        return {}

    @property
    def own_secrets(self) -> tuple[str, ...]:
        """Names of the secrets that it wants besides those of its kind; others hand them out."""
        return ()

    @property
    def files_of_fleet(self) -> str:
        """The folder below the fleet's ``files`` that holds its code; empty for a repository."""
        return ""


class ApplicationEntry(ApplicationSettings):
    """One entry under ``applications``; its key is its name, and says where it stands.

    ``SHARED`` are keys that come from the short form where the entry does not say them, ``OF_HOST``
    are keys that elsewhere are the host's, and that the entry has for itself.
    """

    SHARED: ClassVar[tuple[str, ...]] = ()
    OF_HOST: ClassVar[tuple[str, ...]] = ()

    kind: Word
    """What it is: one of the kinds of application."""
    key: SkipJsonSchema[AppName] = Field(exclude=True, default=MAIN)
    """Its name, from where it stands."""

    @property
    def name(self) -> str:
        """Its name on the host."""
        return self.key
