"""Slack and Rocket.Chat: a message to a channel by its incoming webhook.

They look alike and answer differently: Slack says `ok` as plain text, Rocket.Chat says JSON. A
target of the wrong kind is told so instead of counting as delivered.
"""

from dataclasses import dataclass
from functools import cached_property

from bunker.answers import record
from bunker.masking import Redactor, Secret
from bunker.notify.http import Answer, address_secrets, excerpt, post_json
from bunker.notify.message import ATTEMPT_SECONDS, Message, NotifyFailed

SLACK_LIMIT = 35_000
ROCKETCHAT_LIMIT = 4_800
"""Characters that a server of each kind takes in one message, with some room."""


@dataclass(frozen=True)
class _Webhook:
    url: Secret

    @cached_property
    def redactor(self) -> Redactor:
        """Knows the address, which is the secret."""
        return Redactor(address_secrets(self.url))

    def refused(self, kind: str, answer: Answer) -> NotifyFailed:
        """Another kind of server answered."""
        said = excerpt(answer.text, self.redactor)
        return NotifyFailed(f"did not answer as {kind} does: {said}", retryable=False)


class SlackNotifier(_Webhook):
    """An incoming webhook of Slack, or of a server that answers as Slack does (Mattermost)."""

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        # Slack's own dialect: one star makes bold, and <!channel> would call everybody.
        text = _limited(f"**{message.title}**\n{message.markdown}", SLACK_LIMIT)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        body = {"text": text.replace("**", "*")}
        answer = post_json(self.url, body, seconds=seconds, redactor=self.redactor)
        if answer.text.strip() != "ok":
            raise self.refused("Slack", answer)


class RocketChatNotifier(_Webhook):
    """An incoming webhook of Rocket.Chat."""

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        body = {"text": _limited(f"**{message.title}**\n{message.markdown}", ROCKETCHAT_LIMIT)}
        answer = post_json(self.url, body, seconds=seconds, redactor=self.redactor)
        try:
            accepted = record(answer.text, "its answer").get("success") is True
        except ValueError:
            accepted = False
        if not accepted:
            raise self.refused("Rocket.Chat", answer)


def _limited(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
