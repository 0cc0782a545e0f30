"""What is sent, and the one small interface of everything that can send it."""

from dataclasses import dataclass
from typing import Protocol

ATTEMPT_SECONDS = 5.0
"""How long one attempt may wait for a server."""


@dataclass(frozen=True)
class Message:
    """One message; ``title`` is one line, ``priority`` is Gotify's: 0 silent to 10 urgent.

    ``markdown`` says the same as ``text``. What came from hosts stands in code spans there, so
    that it can neither format the message nor mention people.
    """

    title: str
    text: str
    markdown: str
    priority: int = 5


class NotifyFailed(Exception):
    """The message did not arrive; ``reason`` is one clause without secrets.

    ``retryable``: another attempt may help. ``retry_after``: seconds that the server asked for.
    ``partly``: some of its receivers have it, so that sending again would repeat it to them.
    """

    def __init__(
        self,
        reason: str,
        *,
        retryable: bool,
        retry_after: float | None = None,
        partly: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.retry_after = retry_after
        self.partly = partly


class Notifier(Protocol):
    """One target that messages can be sent to."""

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        """Send now, once, waiting at most ``seconds`` for each answer. Raises NotifyFailed."""
