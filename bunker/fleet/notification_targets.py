"""Where a fleet's messages go, as fleet.settings.yaml names it: one model for each kind of target.

Tokens, passwords and webhook addresses are never here: a target gives the name of a key in the
fleet's notification secrets.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from bunker.addresses import Address, HttpAddress, MailAddress, Port
from bunker.values import Line, SecretName, Section, Word

Event = Literal["started", "paused", "failed", "rolled back", "done"]
EVENTS: tuple[Event, ...] = get_args(Event)
T = TypeVar("T")


def at_least_one(value: tuple[T, ...]) -> tuple[T, ...]:
    """For lists that mean nothing when they are empty; silent where an item is faulty already."""
    if not value:
        raise ValueError("expected one at least")
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Target(Section):
    """What every target has: a name for people, and the events that it wants to hear of."""

    name: Word
    """Its name for people."""
    events: Annotated[tuple[Event, ...], AfterValidator(at_least_one)] = EVENTS
    """Of which it wants to hear."""

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The keys of the notification secrets that this target needs."""
        return tuple(
            value
            for key in ("token_secret", "url_secret", "password_secret")
            if (value := getattr(self, key, None))
        )


class GotifyTarget(Target):
    """A Gotify server; ``token_secret`` names the token of an application there."""

    kind: Literal["gotify"] = "gotify"
    """Gotify."""
    url: HttpAddress
    """Address of the server."""
    token_secret: SecretName
    """Name of the notification secret that holds its token."""


class SlackTarget(Target):
    """A Slack channel by its incoming webhook, whose whole address is the secret."""

    kind: Literal["slack"] = "slack"
    """Slack."""
    url_secret: SecretName
    """Name of the notification secret that holds its address."""


class RocketChatTarget(Target):
    """A Rocket.Chat channel by its incoming webhook, whose whole address is the secret."""

    kind: Literal["rocketchat"] = "rocketchat"
    """Rocket.Chat."""
    url_secret: SecretName
    """Name of the notification secret that holds its address."""


class EmailTarget(Target):
    """Mail through one server; ``user`` and ``password_secret`` come together or not at all."""

    model_config = ConfigDict(populate_by_name=True)

    kind: Literal["email"] = "email"
    """Mail."""
    host: Address
    """The mail server."""
    port: Port = 587
    """Its port."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted."""
    sender: MailAddress = Field(validation_alias="from")
    """Who sends."""
    to: Annotated[
        tuple[MailAddress, ...],
        AfterValidator(at_least_one),
        BeforeValidator(_as_list),
        WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
    ]
    """Who receives: one address or several."""
    user: Line = ""
    """Who logs in at the server."""
    password_secret: SecretName | None = None
    """Name of the notification secret that holds the password."""

    @model_validator(mode="after")
    def _complete(self) -> EmailTarget:
        if bool(self.user) != bool(self.password_secret):
            raise ValueError("expected user and password_secret together, or neither")
        if self.password_secret and self.security == "none":
            raise ValueError("expected security: starttls or tls where a password is sent")
        return self


NotificationTarget = Annotated[
    GotifyTarget | SlackTarget | RocketChatTarget | EmailTarget, Field(discriminator="kind")
]
