"""Counters, gauges and histograms in Prometheus' text format; safe to use from several threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def escape(text: str) -> str:
    """A label's value as the format wants it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def number(value: float) -> str:
    """Whole numbers without a fraction."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


class Metric:
    """One family: a name, its help, and one value per set of labels."""

    kind = "untyped"

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = ()) -> None:
        self.name, self.meaning, self.labels = name, meaning, tuple(labels)
        self._lock = threading.Lock()
        self._values: dict[tuple[str, ...], float] = {} if labels else {(): 0.0}

    def _key(self, given: Mapping[str, str]) -> tuple[str, ...]:
        if set(given) != set(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}")
        return tuple(str(given[label]) for label in self.labels)

    def line(self, suffix: str, labels: Mapping[str, str], value: float) -> str:
        """One sample."""
        shown = ",".join(f'{name}="{escape(text)}"' for name, text in labels.items())
        return f"{self.name}{suffix}{{{shown}}} {number(value)}"

    def samples(self, common: Mapping[str, str]) -> list[str]:
        """All lines of this family but its header."""
        with self._lock:
            values = dict(self._values)
        return [
            self.line("", {**common, **dict(zip(self.labels, key, strict=True))}, value)
            for key, value in sorted(values.items())
        ]


class Counter(Metric):
    """Only grows, until the process ends."""

    kind = "counter"

    def add(self, amount: float = 1, **labels: str) -> None:
        """Count; a set of labels begins at 0 so that its first increase is seen."""
        if amount < 0:
            raise ValueError("a counter does not go down")
        key = self._key(labels)
        with self._lock:
            self._values[key] = self._values.get(key, 0.0) + amount


class Gauge(Metric):
    """Goes up and down."""

    kind = "gauge"

    def set(self, value: float, **labels: str) -> None:
        """What it is now."""
        key = self._key(labels)
        with self._lock:
            self._values[key] = value


class Histogram(Metric):
    """Durations in seconds, in cumulative buckets."""

    kind = "histogram"

    def __init__(self, name: str, meaning: str) -> None:
        super().__init__(name, meaning)
        self._buckets = [0] * len(BUCKETS)
        self._count, self._sum = 0, 0.0

    def observe(self, value: float) -> None:
        """Count one duration."""
        with self._lock:
            self._count += 1
            self._sum += value
            for index, bound in enumerate(BUCKETS):
                if value <= bound:
                    self._buckets[index] += 1

    def samples(self, common: Mapping[str, str]) -> list[str]:
        with self._lock:
            buckets, count, total = list(self._buckets), self._count, self._sum
        lines = [
            self.line("_bucket", {**common, "le": repr(bound)}, value)
            for bound, value in zip(BUCKETS, buckets, strict=True)
        ]
        lines.append(self.line("_bucket", {**common, "le": "+Inf"}, count))
        lines.append(self.line("_sum", common, total))
        lines.append(self.line("_count", common, count))
        return lines


class Registry:
    """All families of one process, each series with the common labels."""

    def __init__(self, common: Mapping[str, str]) -> None:
        self._common = dict(common)
        self._families: list[Metric] = []

    def counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        """Make a counter."""
        return self._keep(Counter(name, meaning, labels))

    def gauge(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Gauge:
        """Make a gauge."""
        return self._keep(Gauge(name, meaning, labels))

    def histogram(self, name: str, meaning: str) -> Histogram:
        """Make a histogram."""
        return self._keep(Histogram(name, meaning))

    def _keep(self, metric):  # type: ignore[no-untyped-def]
        if any(metric.name == other.name for other in self._families):
            raise ValueError(f"{metric.name} is there already")
        self._families.append(metric)
        return metric

    def render(self) -> str:
        """The whole text."""
        lines = []
        for family in self._families:
            lines.append(f"# HELP {family.name} {family.meaning}")
            lines.append(f"# TYPE {family.name} {family.kind}")
            lines += family.samples(self._common)
        return "\n".join(lines) + "\n"


class AppMetrics(Registry):
    """The application's own series."""

    def __init__(self, domain: str) -> None:
        super().__init__({"instance": domain})
        self.requests = self.counter("http_requests_total", "Answers by status", ("status_code",))
        self.duration = self.histogram("http_request_duration_seconds", "Time to answer")
        self.visits = self.counter("cm_canvass_visits_total", "Doors visited", ("outcome",))
        self.sessions = self.gauge("cm_active_canvass_sessions", "Canvassers out now")
        self.emails_sent = self.counter("cm_emails_sent_total", "Mails handed to the mail server")
        self.emails_failed = self.counter("cm_emails_failed_total", "Mails that were not taken")
        self.email_queue = self.gauge("cm_email_queue_size", "Mails that wait")
        self.responses = self.counter("cm_response_submissions_total", "Responses to campaigns")
        self.signups = self.counter("cm_shift_signups_total", "Sign-ups for shifts")
        self.geocodes = self.counter("cm_geocode_requests_total", "Lookups", ("provider",))
        self.geocode_hits = self.counter("cm_geocode_cache_hits_total", "Lookups from the cache")
        self.geocode_duration = self.histogram("cm_geocode_duration_seconds", "Time of a lookup")
        self.backup_time = self.gauge(
            "cm_backup_last_success_timestamp", "Last good backup, 0 for none (Unix time)"
        )
        self.backup_size = self.gauge("cm_backup_size_bytes", "Size of the last good backup")
        for status in ("200", "201", "400", "401", "403", "404", "422", "429", "500", "503"):
            self.requests.add(0, status_code=status)
        for outcome in ("contacted", "not_home", "refused", "moved"):
            self.visits.add(0, outcome=outcome)
        self.geocodes.add(0, provider="register")
