"""Sending to every target at once, with retries and a limit in time; it never stops a run."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunker.fleet.notification_targets import Event, NotificationTarget
from bunker.fleet.settings import FleetSettings, load_settings
from bunker.masking import Redactor, Secret
from bunker.notify.digest import RunNews, digest
from bunker.notify.http import address_secrets
from bunker.notify.message import ATTEMPT_SECONDS, Message, Notifier, NotifyFailed
from bunker.notify.secrets import read_secrets
from bunker.notify.targets import notifier_for

PAUSES = (1.0, 3.0, 9.0)
"""Seconds before the second, third and fourth attempt."""
TOTAL_SECONDS = 30.0
LATE = "did not arrive in time"
_SHORTEST_ATTEMPT = 0.1


@dataclass(frozen=True)
class Delivery:
    """What became of one message at one target; ``reason`` is empty where it arrived."""

    target: str
    kind: str
    ok: bool
    reason: str = ""
    attempts: int = 1


class Dispatcher:
    """Sends the events of a fleet's runs to the targets that its settings name."""

    def __init__(
        self,
        settings: FleetSettings,
        secrets: Mapping[str, Secret],
        *,
        pauses: Sequence[float] = PAUSES,
        attempt_seconds: float = ATTEMPT_SECONDS,
        make: Callable[[NotificationTarget, Mapping[str, Secret]], Notifier] = notifier_for,
    ) -> None:
        self._targets = settings.notifications
        self._secrets = dict(secrets)
        self._pauses = tuple(pauses)
        self._attempt_seconds = attempt_seconds
        self._make = make
        self._redact = Redactor(_with_parts(secrets.values()))

    def notify(
        self, event: Event, news: RunNews, *, within: float = TOTAL_SECONDS
    ) -> list[Delivery]:
        """Tell every target that wants this event, and wait at most ``within`` seconds.

        Never raises.
        """
        wanting = [target for target in self._targets if event in target.events]
        return self._send(wanting, _message_about(event, news), within) if wanting else []

    def send_to_all(self, message: Message, *, within: float = TOTAL_SECONDS) -> list[Delivery]:
        """Send one message to every target whatever events it wants."""
        return self._send(self._targets, message, within)

    def _send(
        self, targets: Sequence[NotificationTarget], message: Message, within: float
    ) -> list[Delivery]:
        """One thread for each target, so that a slow one delays no other."""
        deadline = time.monotonic() + within
        found = {target.name: self._failed(target, LATE, 0) for target in targets}

        def deliver(target: NotificationTarget) -> None:
            try:
                for so_far in self._attempts(target, message, deadline):
                    found[target.name] = so_far
            except Exception as error:  # noqa: BLE001 - a notification never stops anything
                reason = f"internal error ({type(error).__name__})"
                found[target.name] = self._failed(target, reason)

        threads = [
            threading.Thread(target=deliver, args=(target,), daemon=True) for target in targets
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [found[target.name] for target in targets]

    def _attempts(
        self, target: NotificationTarget, message: Message, deadline: float
    ) -> Iterator[Delivery]:
        """What is to be said of the target after each attempt; the last one holds."""
        try:
            notifier = self._make(target, self._secrets)
        except NotifyFailed as error:
            yield self._failed(target, error.reason, 0)
            return
        for attempt, pause in enumerate((*self._pauses, None), start=1):
            seconds = min(self._attempt_seconds, deadline - time.monotonic())
            try:
                notifier.send(message, seconds=max(_SHORTEST_ATTEMPT, seconds))
            except NotifyFailed as error:
                failure = error
            else:
                yield Delivery(target.name, target.kind, True, "", attempt)
                return
            if pause is None or not failure.retryable:
                yield self._failed(target, failure.reason, attempt)
                return
            wait = max(pause, failure.retry_after or 0.0)
            if time.monotonic() + wait >= deadline:
                reason = f"{failure.reason}; no time is left for another attempt"
                yield self._failed(target, reason, attempt)
                return
            yield self._failed(target, f"{failure.reason}; {LATE}", 0)
            time.sleep(wait)

    def _failed(self, target: NotificationTarget, reason: str, attempts: int = 1) -> Delivery:
        return Delivery(target.name, target.kind, False, self._redact(reason), attempts)


def open_dispatcher(root: Path, fleet: str) -> Dispatcher:
    """The dispatcher of a fleet: its settings, its secrets (opened only where a target needs any).

    Raises BunkerError where the settings are faulty or the secrets cannot be opened.
    """
    folder = root / "inventories" / fleet
    settings = load_settings(folder)
    needed = any(target.secret_names for target in settings.notifications)
    secrets = read_secrets(folder) if needed else {}
    return Dispatcher(settings, secrets)


def _message_about(event: Event, news: RunNews) -> Message:
    try:
        return digest(event, news)
    except Exception as error:  # noqa: BLE001 - a short message is better than none
        text = f"Run {news.run}: {event} ({type(error).__name__} in its digest)"
        return Message(f"Bunker Ops: {event}", text, text, 8)


def _with_parts(secrets: Iterable[Secret]) -> list[Secret]:
    values = list(secrets)
    addresses = [value for value in values if "://" in value.reveal()]
    return [*values, *(part for value in addresses for part in address_secrets(value))]
