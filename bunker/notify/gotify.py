"""Gotify: a message to an application of a server of one's own."""

from dataclasses import dataclass
from functools import cached_property

from bunker.answers import record
from bunker.fleet.notification_targets import GotifyTarget
from bunker.masking import Redactor, Secret
from bunker.notify.http import excerpt, post_json
from bunker.notify.message import ATTEMPT_SECONDS, Message, NotifyFailed


@dataclass(frozen=True)
class GotifyNotifier:
    """Posts with the application's token in a header: an address would end in access logs."""

    target: GotifyTarget
    token: Secret

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor([self.token])

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        answer = post_json(
            Secret(f"{self.target.url}/message"),
            {
                "title": message.title,
                "message": message.markdown or message.title,
                "priority": message.priority,
                "extras": {"client::display": {"contentType": "text/markdown"}},
            },
            seconds=seconds,
            redactor=self._redactor,
            headers={"X-Gotify-Key": self.token},
        )
        try:
            accepted = record(answer.text, "its answer").get("id") is not None
        except ValueError:
            accepted = False
        if not accepted:
            said = excerpt(answer.text, self._redactor)
            raise NotifyFailed(f"is no Gotify server; it answered: {said}", retryable=False)
