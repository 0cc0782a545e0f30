"""What a host's file says of a Changemaker instance under ``applications.NAME``."""

from typing import ClassVar, Literal

from pydantic import Field

from bunker.addresses import Domain
from bunker.applications.settings import ApplicationEntry
from bunker.values import EnvironmentKey, EnvironmentValue, ResourceLimit, Word


class ChangemakerEntry(ApplicationEntry):
    """Its features, environment and limits are its own; its domain is the host's where not said."""

    SHARED: ClassVar = ("repository", "repository_host_keys")
    OF_HOST: ClassVar = ("domain", "features", "environment", "resources")

    kind: Literal["changemaker"]
    """A Changemaker instance."""
    domain: Domain | None = None
    """Domain of the instance; default: the host's."""
    features: dict[Word, bool] = Field(default={})
    """Features, on or off."""
    environment: dict[EnvironmentKey, EnvironmentValue] = Field(default={})
    """Plain keys of its .env; never a secret."""
    resources: dict[Word, ResourceLimit] = Field(default={})
    """Upper bounds by Compose service."""
