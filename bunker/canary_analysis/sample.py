"""What an instance's metrics said at one time, and what happened between two such times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bunker.json_form import JsonForm

REQUESTS: Final = "http_requests_total"
DURATIONS: Final = "http_request_duration_seconds_bucket"


@dataclass(frozen=True)
class Sample(JsonForm):
    """One reading of an instance's counters.

    time: seconds since 1970 by the host's clock. requests: how many answers so far, by status
    code. buckets: how many took at most so many seconds, cumulative, ``inf`` for all of them.
    process: tells one start of the API from another; "" where that is not known.
    """

    time: float
    requests: Mapping[str, float]
    buckets: Mapping[float, float]
    process: str = ""

    def whole(self) -> Window:
        """All that the API did since it was started: the past of a host that was asked only once.

        How long that was is not known; ``seconds`` is 0.
        """
        return window(Sample(self.time, {}, {}, self.process), self)


@dataclass(frozen=True)
class Window(JsonForm):
    """What an instance did between two samples.

    seconds: how long. requests: answers; errors: those of them with a status of 500 or more.
    buckets: as in a sample. restarted: the API was started anew meanwhile, so that what happened
    before that start is not in the numbers.
    """

    seconds: float
    requests: float
    errors: float
    buckets: Mapping[float, float]
    restarted: bool = False

    @property
    def error_ratio(self) -> float:
        """Errors among all answers, 0 to 1; 0 where there was none."""
        return self.errors / self.requests if self.requests > 0 else 0.0

    @property
    def timed(self) -> float:
        """How many answers have a duration."""
        return self.buckets.get(math.inf, 0.0)

    @property
    def p95(self) -> float | None:
        """Seconds within which 95 % of the answers came; None where nothing was timed.

        Read from the histogram as Prometheus' ``histogram_quantile`` does: linear within a
        bucket, and the highest finite bound where it lies above all of them.
        """
        if self.timed <= 0:
            return None
        rank = 0.95 * self.timed
        below, before = 0.0, 0.0
        for bound, count in sorted(self.buckets.items()):
            if count >= rank:
                if math.isinf(bound):
                    return below
                inside = count - before
                return below + (bound - below) * ((rank - before) / inside if inside else 1.0)
            below, before = bound, count
        return below

    def slower_than(self, seconds: float) -> float:
        """How many answers took longer, linear within a bucket; above the highest finite bound
        nothing is known, and 0 is said."""
        below, before = 0.0, 0.0
        for bound, count in sorted(self.buckets.items()):
            if seconds < bound:
                if math.isinf(bound):
                    return self.timed - before if seconds <= below else 0.0
                share = (seconds - below) / (bound - below)
                return max(0.0, self.timed - (before + (count - before) * share))
            below, before = bound, count
        return 0.0


def window(before: Sample, after: Sample) -> Window:
    """What happened from one sample to the next.

    A counter that decreased, or another process, means a new start: the counters began at 0, so
    the second reading alone is what is known (as Prometheus' ``increase`` has it).
    """
    restarted = _restarted(before, after)
    base = Sample(before.time, {}, {}) if restarted else before
    requests = {code: n - base.requests.get(code, 0.0) for code, n in after.requests.items()}
    return Window(
        seconds=max(0.0, after.time - before.time),
        requests=sum(requests.values()),
        errors=sum(n for code, n in requests.items() if _is_error(code)),
        buckets={bound: n - base.buckets.get(bound, 0.0) for bound, n in after.buckets.items()},
        restarted=restarted,
    )


def _restarted(before: Sample, after: Sample) -> bool:
    if before.process and after.process and before.process != after.process:
        return True
    return any(after.requests.get(code, 0.0) < n for code, n in before.requests.items()) or any(
        after.buckets.get(bound, 0.0) < n for bound, n in before.buckets.items()
    )


def _is_error(code: str) -> bool:
    return len(code) == 3 and code.startswith("5")
