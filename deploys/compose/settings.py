"""What a host's file says of any Compose project under ``applications.NAME``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bunker.addresses import HttpPage, Port, Registry
from bunker.applications.settings import ApplicationEntry
from bunker.values import (
    EnvironmentKey,
    EnvironmentValue,
    GitRef,
    Line,
    RelativePath,
    SecretName,
    Section,
    SettingPath,
    SettingValue,
)

DEFAULT_REF = "main"
OVERRIDE = "compose.bunker.yml"
"""Made by us, and merged last."""
OWN_KEYS: Final = frozenset({"COMPOSE_PROJECT_NAME", "COMPOSE_FILE", "BUNKER_HEALTH_URL"})
"""Keys of its .env that follow from its other settings."""
_TAKEN: Final = OWN_KEYS | {"COMPOSE_PATH_SEPARATOR", "COMPOSE_ENV_FILES"}
"""Those, and what would give them another meaning."""


def _not_ours(key: str) -> str:
    if key in _TAKEN:
        raise ValueError(f"expected another key: {key} belongs to Bunker Ops")
    return key


OwnKey = Annotated[EnvironmentKey, AfterValidator(_not_ours)]
"""A key of its .env that its entry may give a value."""


class RegistryLogin(Section):
    """A private registry: who logs in, and the secret that holds the password or token."""

    address: Registry
    """Such as registry.example.org:5000."""
    user: Line
    """Who logs in."""
    password_secret: SecretName
    """Name of the secret that holds the password or token."""


class ComposeEntry(ApplicationEntry):
    """A Compose project.

    ``folder``, from the fleet's ``files/``, stands in for a repository. ``files`` are merged in
    their order, ``set`` on top of them: ``services.web.image: registry.example.org/web@sha256:…``.
    ``secrets`` are keys of its ``.env`` whose values come from the vault. ``url`` has to answer
    with a status below 400 for the project to be healthy, asked on the host itself.
    ``ports`` may be reached from outside.
    """

    kind: Literal["compose"]
    """Any Compose project."""
    ref: GitRef = DEFAULT_REF
    """Branch, tag or commit."""
    folder: RelativePath | None = None
    """In the fleet's files/, in place of a repository."""
    files: Annotated[tuple[RelativePath, ...], Field(min_length=1)] = ("compose.yml",)
    """Compose files, merged in this order."""
    set: dict[SettingPath, SettingValue] = Field(default={})
    """Keys of the Compose files with other values, such as services.web.image."""
    environment: dict[OwnKey, EnvironmentValue] = Field(default={})
    """Plain keys of its .env; never a secret."""
    secrets: tuple[OwnKey, ...] = ()
    """Keys of its .env whose values come from the vault."""
    registries: tuple[RegistryLogin, ...] = ()
    """Logins for private registries."""
    url: HttpPage | None = None
    """Has to answer with a status below 400, asked on the host itself."""
    ports: tuple[Port, ...] = ()
    """TCP ports of it that may be reached from outside."""

    @property
    def set_values(self) -> Mapping[str, SettingValue]:
        """What ``set`` says."""
        return self.set

    @property
    def own_secrets(self) -> tuple[str, ...]:
        """Keys of its .env, and passwords of registries."""
        wanted = (*self.secrets, *(one.password_secret for one in self.registries))
        return tuple(dict.fromkeys(wanted))

    @property
    def files_of_fleet(self) -> str:
        """The folder below the fleet's ``files`` that holds its code."""
        return self.folder or ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.repository) == bool(self.folder):
            found = "both are" if self.folder else "neither is"
            raise ValueError(f"expected one of repository and folder: {found} given")
        if self.folder and self.ref != DEFAULT_REF:
            raise ValueError("expected no ref beside folder: it is as the fleet's files are")
        if both := sorted({*self.secrets} & self.environment.keys()):
            raise ValueError(f"expected {both[0]} either in secrets or in environment")
        return self
