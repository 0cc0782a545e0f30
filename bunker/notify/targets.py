"""From a target of the settings to what can send there; what chat servers get, and answer.

They look alike and answer differently: Slack says `ok` as plain text, Rocket.Chat and Gotify say
JSON. A server of the wrong kind is told so instead of counting as delivered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bunker.answers import UnreadableAnswer, record
from bunker.fleet.notification_targets import GotifyTarget, NotificationTarget
from bunker.masking import Secret
from bunker.notify.http import post_json, web_address
from bunker.notify.mail import EmailNotifier
from bunker.notify.message import ATTEMPT_SECONDS, Message, Notifier, NotifyFailed

SLACK_LIMIT = 35_000
ROCKETCHAT_LIMIT = 4_800
"""Characters that a server of each kind takes in one message, with some room."""


def notifier_for(target: NotificationTarget, secrets: Mapping[str, Secret]) -> Notifier:
    """The notifier of a target. Raises NotifyFailed where a secret is missing or unfit."""
    for name in target.secret_names:
        if name not in secrets:
            reason = f"the secret {name} is missing: run `invoke notify.secret {name}`"
            raise NotifyFailed(reason, retryable=False)
    if target.kind == "gotify":
        return GotifyNotifier(target, secrets[target.token_secret])
    if target.kind == "email":
        password = target.password_secret
        return EmailNotifier(target, secrets[password] if password else None)
    url = web_address(secrets[target.url_secret], target.url_secret)
    return SlackNotifier(url) if target.kind == "slack" else RocketChatNotifier(url)


@dataclass(frozen=True)
class SlackNotifier:
    """An incoming webhook of Slack, or of a server that answers as Slack does (Mattermost)."""

    url: Secret

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        # Slack's own dialect: one star makes bold, and <!channel> would call everybody.
        text = _text(message, SLACK_LIMIT)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        post_json(
            self.url,
            {"text": text.replace("**", "*")},
            seconds=seconds,
            accepted=lambda said: said.strip() == "ok",
            refusal="did not answer as Slack does",
        )


@dataclass(frozen=True)
class RocketChatNotifier:
    """An incoming webhook of Rocket.Chat."""

    url: Secret

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        post_json(
            self.url,
            {"text": _text(message, ROCKETCHAT_LIMIT)},
            seconds=seconds,
            accepted=lambda said: _field(said, "success") is True,
            refusal="did not answer as Rocket.Chat does",
        )


@dataclass(frozen=True)
class GotifyNotifier:
    """Posts with the application's token in a header: an address would end in access logs."""

    target: GotifyTarget
    token: Secret

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        body = {
            "title": message.title,
            "message": message.markdown or message.title,
            "priority": message.priority,
            "extras": {"client::display": {"contentType": "text/markdown"}},
        }
        post_json(
            Secret(f"{self.target.url}/message"),
            body,
            seconds=seconds,
            accepted=lambda said: _field(said, "id") is not None,
            refusal="is no Gotify server; it answered",
            headers={"X-Gotify-Key": self.token},
        )


def _text(message: Message, limit: int) -> str:
    text = f"**{message.title}**\n{message.markdown}"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _field(answer: str, name: str) -> Any:
    """A field of a JSON answer; None where there is none."""
    try:
        return record(answer, "its answer").get(name)
    except UnreadableAnswer:
        return None
