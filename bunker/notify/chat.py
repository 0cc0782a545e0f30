"""Slack and Rocket.Chat: a message to a channel by its incoming webhook.

They look alike and answer differently: Slack says `ok` as plain text, Rocket.Chat says JSON. A
target of the wrong kind is told so instead of counting as delivered.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bunker.answers import record
from bunker.masking import Redactor, Secret
from bunker.notify.http import address_secrets, excerpt, post_json
from bunker.notify.message import ATTEMPT_SECONDS, Message, NotifyFailed

SLACK_LIMIT = 35_000
ROCKETCHAT_LIMIT = 4_800
"""Characters that a server of each kind takes in one message, with some room."""


@dataclass(frozen=True)
class SlackNotifier:
    """An incoming webhook of Slack, or of a server that answers as Slack does (Mattermost)."""

    url: Secret
    _redactor: Redactor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_redactor", Redactor(address_secrets(self.url)))

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        """Send now, once. Raises NotifyFailed."""
        # Slack's own dialect: one star makes bold, and <!channel> would call everybody.
        text = _limited(f"**{message.title}**\n{message.markdown}", SLACK_LIMIT)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        body = {"text": text.replace("**", "*")}
        answer = post_json(self.url, body, seconds=seconds, redactor=self._redactor)
        if answer.text.strip() != "ok":
            said = excerpt(answer.text, self._redactor)
            raise NotifyFailed(f"did not answer as Slack does: {said}", retryable=False)


@dataclass(frozen=True)
class RocketChatNotifier:
    """An incoming webhook of Rocket.Chat."""

    url: Secret
    _redactor: Redactor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_redactor", Redactor(address_secrets(self.url)))

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        """Send now, once. Raises NotifyFailed."""
        body = {"text": _limited(f"**{message.title}**\n{message.markdown}", ROCKETCHAT_LIMIT)}
        answer = post_json(self.url, body, seconds=seconds, redactor=self._redactor)
        try:
            accepted = record(answer.text, "its answer").get("success") is True
        except ValueError:
            accepted = False
        if not accepted:
            said = excerpt(answer.text, self._redactor)
            raise NotifyFailed(f"did not answer as Rocket.Chat does: {said}", retryable=False)


def _limited(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
