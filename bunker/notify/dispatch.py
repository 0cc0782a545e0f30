"""Sending to every target at once, with retries and a limit in time; it never stops a run.

Each message of each target is one daemon thread, which waits for the one before it, so that a
target hears of things in their order and a slow one holds up nobody else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bunker.masking import Redactor, Secret
from bunker.notify.digest import RunNews, digest
from bunker.notify.http import address_secrets
from bunker.notify.message import ATTEMPT_SECONDS, Message, Notifier, NotifyFailed
from bunker.notify.targets import notifier_for
from bunker.notify.undelivered import UndeliveredFile

if TYPE_CHECKING:
    from bunker.fleet.notification_targets import Event, NotificationTarget
    from bunker.fleet.settings import FleetSettings

PAUSES = (1.0, 3.0, 9.0)
"""Seconds before the second, third and fourth attempt."""
TOTAL_SECONDS = 30.0
_SHORTEST_ATTEMPT = 0.1


@dataclass(frozen=True)
class Delivery:
    """What became of one message at one target; ``reason`` is empty where it arrived."""

    target: str
    kind: str
    ok: bool
    reason: str = ""
    attempts: int = 1


@dataclass
class _Job:
    """One message on its way to one target. Whoever settles it first decides what became of it."""

    target: NotificationTarget
    message: Message
    event: str
    run: str
    deadline: float
    kept_id: str = ""
    trouble: str = ""
    before: _Job | None = None
    delivery: Delivery | None = None
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_repeat(self) -> bool:
        """Whether this is a kept message of an earlier run."""
        return self.event == ""

    def settle(self, delivery: Delivery) -> bool:
        """Keep the outcome; false where there is one already."""
        with self.lock:
            if self.delivery is not None:
                return False
            self.delivery = delivery
            return True


class Dispatcher:
    """Sends the events of a fleet's runs to the targets that its settings name.

    ``kept`` is where undelivered messages go; without it they are only told by their Delivery.
    """

    def __init__(
        self,
        settings: FleetSettings,
        secrets: Mapping[str, Secret],
        *,
        fleet: str = "",
        kept: UndeliveredFile | None = None,
        pauses: Sequence[float] = PAUSES,
        attempt_seconds: float = ATTEMPT_SECONDS,
        make: Callable[[NotificationTarget, Mapping[str, Secret]], Notifier] = notifier_for,
    ) -> None:
        self._targets = settings.notifications
        self._secrets = dict(secrets)
        self._fleet = fleet
        self._kept = kept
        self._pauses = tuple(pauses)
        self._attempt_seconds = attempt_seconds
        self._make = make
        self._redact = Redactor(_with_parts(secrets.values()))
        self._last: dict[str, _Job] = {}
        self._background: list[_Job] = []

    def notify(
        self, event: Event, news: RunNews, *, within: float = TOTAL_SECONDS
    ) -> list[Delivery]:
        """Tell every target that wants this event, and wait at most ``within`` seconds.

        Never raises; what did not arrive is kept for the next run.
        """
        return self._collect(self._start(event, news, within))

    def notify_in_background(
        self, event: Event, news: RunNews, *, within: float = TOTAL_SECONDS
    ) -> None:
        """The same without waiting; :meth:`finish` gives the outcomes."""
        self._background += self._start(event, news, within)

    def finish(self, timeout: float = TOTAL_SECONDS) -> list[Delivery]:
        """Wait for what was started in the background, at most ``timeout`` seconds.

        To be called before the process ends: what is still under way then is kept for the next
        run, which may repeat it.
        """
        jobs, self._background = self._background, []
        end = time.monotonic() + timeout
        for job in jobs:
            job.deadline = min(job.deadline, end)
        return self._collect(jobs)

    def send_to_all(self, message: Message, *, within: float = TOTAL_SECONDS) -> list[Delivery]:
        """Send one message to every target whatever events it wants; nothing is kept."""
        deadline = time.monotonic() + within
        jobs = [_Job(target, message, "test", "", deadline) for target in self._targets]
        return self._collect(self._run(jobs, keep=False), keep=False)

    def retry_undelivered(self, *, within: float = TOTAL_SECONDS) -> list[Delivery]:
        """Try once more, one attempt each, what earlier runs could not deliver."""
        return self._collect(self._start_kept(within))

    def retry_undelivered_in_background(self, *, within: float = TOTAL_SECONDS) -> None:
        """The same without waiting: the first thing that a run does with its dispatcher."""
        self._background += self._start_kept(within)

    def _start(self, event: Event, news: RunNews, within: float) -> list[_Job]:
        wanting = [target for target in self._targets if event in target.events]
        if not wanting:
            return []
        message, deadline = _message_about(event, news), time.monotonic() + within
        run = news.run
        return self._run([_Job(target, message, event, run, deadline) for target in wanting])

    def _start_kept(self, within: float) -> list[_Job]:
        if self._kept is None:
            return []
        targets = {target.name: target for target in self._targets}
        entries, deadline = self._kept.claim(self._fleet), time.monotonic() + within
        self._kept.remove(entry.id for entry in entries if entry.target not in targets)
        return self._run(
            [
                _Job(
                    targets[entry.target],
                    _delayed(entry.message, entry.since),
                    "",
                    entry.run,
                    deadline,
                    kept_id=entry.id,
                )
                for entry in entries
                if entry.target in targets
            ]
        )

    def _run(self, jobs: list[_Job], *, keep: bool = True) -> list[_Job]:
        for job in jobs:
            job.before = self._last.get(job.target.name)
            self._last[job.target.name] = job
            name = f"notify-{job.target.name}"
            try:
                threading.Thread(
                    target=self._deliver, args=(job, keep), name=name, daemon=True
                ).start()
            except RuntimeError:  # no more threads, or the interpreter is ending
                self._conclude(job, self._failed(job, "no thread could be started", 0), keep)
        return jobs

    def _deliver(self, job: _Job, keep: bool) -> None:
        try:
            delivery, again = self._outcome(job)
        except Exception as error:  # noqa: BLE001 - a notification never stops anything
            delivery, again = self._failed(job, f"internal error ({type(error).__name__})"), False
        self._conclude(job, delivery, keep and again)

    def _outcome(self, job: _Job) -> tuple[Delivery, bool]:
        """What became of it, and whether a later attempt has sense."""
        before, job.before = job.before, None
        if before is not None:
            before.done.wait(max(0.0, job.deadline - time.monotonic()))
            earlier = before.delivery
            if job.is_repeat and before.is_repeat and not (earlier and earlier.ok):
                return self._failed(job, "still cannot be reached", 0), True
        try:
            notifier = self._make(job.target, self._secrets)
        except NotifyFailed as error:
            return self._failed(job, error.reason, 0), True
        pauses = () if job.is_repeat else self._pauses
        attempt = 0
        while True:
            attempt += 1
            left = job.deadline - time.monotonic()
            try:
                notifier.send(
                    job.message, seconds=max(_SHORTEST_ATTEMPT, min(self._attempt_seconds, left))
                )
            except NotifyFailed as error:
                failure = error
                job.trouble = f"{self._redact(error.reason)}; "
            else:
                return Delivery(job.target.name, job.target.kind, True, "", attempt), False
            if not failure.retryable or attempt > len(pauses):
                return self._failed(job, failure.reason, attempt), not failure.partly
            pause = max(pauses[attempt - 1], failure.retry_after or 0.0)
            if time.monotonic() + pause >= job.deadline:
                reason = f"{failure.reason}; no time is left for another attempt"
                return self._failed(job, reason, attempt), True
            if job.done.wait(pause):  # somebody's patience ended meanwhile
                return self._failed(job, failure.reason, attempt), True

    def _failed(self, job: _Job, reason: str, attempts: int = 1) -> Delivery:
        return Delivery(job.target.name, job.target.kind, False, self._redact(reason), attempts)

    def _conclude(self, job: _Job, delivery: Delivery, keep: bool) -> None:
        """Settle it and write down what is to be tried again, or forget what arrived."""
        first = job.settle(delivery)
        if self._kept is not None:
            if delivery.ok:
                self._kept.remove([job.kept_id])
            elif first and keep and not job.kept_id:
                job.kept_id = self._kept.keep(
                    fleet=self._fleet,
                    target=job.target.name,
                    event=job.event,
                    run=job.run,
                    message=job.message,
                    reason=delivery.reason,
                )
        job.done.set()

    def _collect(self, jobs: Sequence[_Job], *, keep: bool = True) -> list[Delivery]:
        deliveries = []
        for job in jobs:
            if not job.done.wait(max(0.0, job.deadline - time.monotonic())):
                late = self._failed(job, f"{job.trouble}did not arrive in time", 0)
                self._conclude(job, late, keep)
            if job.delivery is not None:
                deliveries.append(job.delivery)
        return deliveries


def open_dispatcher(root: Path, fleet: str) -> Dispatcher:
    """The dispatcher of a fleet: its settings, its secrets (opened only where a target needs any).

    Raises BunkerError where the settings are faulty or the secrets cannot be opened.
    """
    from bunker.fleet.settings import load_settings  # noqa: PLC0415 - loads pydantic
    from bunker.notify.secrets import read_secrets  # noqa: PLC0415

    folder = root / "inventories" / fleet
    settings = load_settings(folder)
    needed = any(target.secret_names for target in settings.notifications)
    secrets = read_secrets(folder) if needed else {}
    return Dispatcher(settings, secrets, fleet=fleet, kept=UndeliveredFile(root))


def _message_about(event: Event, news: RunNews) -> Message:
    try:
        return digest(event, news)
    except Exception as error:  # noqa: BLE001 - a short message is better than none
        text = f"Run {news.run}: {event} ({type(error).__name__} in its digest)"
        return Message(f"Bunker Ops: {event}", text, text, 8)


def _delayed(message: Message, since: float) -> Message:
    moment = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(since))
    note = f"(delayed: this is from {moment})"
    return Message(
        f"{message.title} (delayed)",
        f"{note}\n{message.text}",
        f"{note}\n\n{message.markdown}",
        message.priority,
    )


def _with_parts(secrets: Iterable[Secret]) -> list[Secret]:
    values = list(secrets)
    addresses = [value for value in values if "://" in value.reveal()]
    return [*values, *(part for value in addresses for part in address_secrets(value))]
