"""Where a fleet's messages go, as fleet.settings.yaml names it: one model for each kind of target.

Tokens, passwords and webhook addresses are never here: a target gives the name of a key in the
fleet's notification secrets.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from bunker.fleet.models import Address, Port, Section, Word

Event = Literal["started", "paused", "failed", "rolled back", "done"]
EVENTS: tuple[Event, ...] = get_args(Event)
T = TypeVar("T")

SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_MAIL_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")
_HTTP_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?")


def _secret_name(value: str) -> str:
    # A value put here by mistake would end in git: the message must not repeat it either.
    if not SECRET_NAME.fullmatch(value):
        raise ValueError("expected the name of a secret in capitals, such as OPS_GOTIFY_TOKEN")
    return value


def _http_address(value: str) -> str:
    if not _HTTP_ADDRESS.fullmatch(value):
        raise ValueError("expected https://HOST or https://HOST/PATH, without user, ? and #")
    return value.rstrip("/")


def _mail_address(value: str) -> str:
    if not _MAIL_ADDRESS.fullmatch(value) or not value.isascii():
        raise ValueError("expected a plain address such as ops@example.org")
    return value


def at_least_one(value: tuple[T, ...]) -> tuple[T, ...]:
    """For lists that mean nothing when they are empty; silent where an item is faulty already."""
    if not value:
        raise ValueError("expected one at least")
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


SecretName = Annotated[str, AfterValidator(_secret_name)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]


class Target(Section):
    """What every target has: a name for people, and the events that it wants to hear of."""

    name: Word
    events: Annotated[tuple[Event, ...], AfterValidator(at_least_one)] = EVENTS

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
    url: HttpAddress
    token_secret: SecretName


class SlackTarget(Target):
    """A Slack channel by its incoming webhook, whose whole address is the secret."""

    kind: Literal["slack"] = "slack"
    url_secret: SecretName


class RocketChatTarget(Target):
    """A Rocket.Chat channel by its incoming webhook, whose whole address is the secret."""

    kind: Literal["rocketchat"] = "rocketchat"
    url_secret: SecretName


class EmailTarget(Target):
    """Mail through one server; ``user`` and ``password_secret`` come together or not at all."""

    model_config = ConfigDict(populate_by_name=True)

    kind: Literal["email"] = "email"
    host: Address
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: MailAddress = Field(validation_alias="from")
    to: Annotated[tuple[MailAddress, ...], AfterValidator(at_least_one), BeforeValidator(_as_list)]
    user: str = ""
    password_secret: SecretName | None = None

    @field_validator("user")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if any(ord(letter) < 32 for letter in value):
            raise ValueError("expected one line")
        return value

    @model_validator(mode="after")
    def _complete(self) -> EmailTarget:
        if bool(self.user) != bool(self.password_secret):
            raise ValueError("expected user and password_secret together, or neither")
        if self.password_secret and self.security == "none":
            raise ValueError("expected security: starttls or tls where a password is sent")
        return self


NotificationTarget = GotifyTarget | SlackTarget | RocketChatTarget | EmailTarget

KINDS: dict[str, type[Target]] = {
    "gotify": GotifyTarget,
    "slack": SlackTarget,
    "rocketchat": RocketChatTarget,
    "email": EmailTarget,
}
