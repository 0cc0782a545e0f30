"""Do changed hosts do worse than before, and than hosts that were not changed?

Errors. The limit is ``max_error_ratio``. A ratio at or below it passes. Above it, two questions
are asked of the numbers, both by Wilson's interval, so that one unlucky
request proves nothing: is the true ratio above the limit, and is it clearly above the past's –
intervals that do not overlap, which errs on the careful side (Schenker and Gentleman, "On judging
the significance of differences by examining the overlap between confidence intervals", 2001), and
half as much again, so that with very many requests a trifle does not count.
Proven and worse than before, or nothing known of before: fail. Not worse than a past that was
above the limit itself: pass, the change is not the cause. Peers that are as bad at the same time:
inconclusive, something common may be the cause. Anything in between: inconclusive.

Latency. The limit is ``max_latency_factor`` times the slower of past and peers, and never less
than 250 ms. The 95th percentile is above it when more than 5 % of the answers took longer; that
share is measured by the same interval: proven fails, seen but not proven is inconclusive.

Too few requests are inconclusive, unless more than half of at least 10 answers failed. No metrics
are inconclusive. Any host that fails makes the whole fail; else any inconclusive one makes it
inconclusive.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bunker.canary_analysis.sample import Window
from bunker.fleet.settings import RolloutSettings
from bunker.json_form import JsonForm

Outcome = Literal["pass", "fail", "inconclusive"]
SEVERITY: Final[Mapping[Outcome, int]] = {"pass": 0, "inconclusive": 1, "fail": 2}
FLOOR_SECONDS: Final = 0.25
SLOW_SHARE: Final = 0.05
OBVIOUS_ERRORS: Final = 10
OBVIOUS_RATIO: Final = 0.5
WORSE_FACTOR: Final = 1.5
Z: Final = 1.645
"""One-sided 95 %: the true ratio is below the lower bound in one case of twenty."""


@dataclass(frozen=True)
class HostFigures:
    """One host's numbers and its outcome. Ratios are 0 to 1, times seconds; None is not known."""

    outcome: Outcome
    reasons: tuple[str, ...]
    requests: float | None = None
    errors: float | None = None
    error_ratio: float | None = None
    p95: float | None = None
    past_error_ratio: float | None = None
    past_p95: float | None = None
    restarted: bool = False


@dataclass(frozen=True)
class CanaryAnalysis(JsonForm):
    """The outcome, why ("north-1: …", the worst first; one sentence that says so where all is
    healthy), and the figures of every host."""

    outcome: Outcome
    reasons: tuple[str, ...]
    hosts: Mapping[str, HostFigures]


def analyse(
    canary: Mapping[str, Window | None],
    past: Mapping[str, Window | None],
    peers: Mapping[str, Window | None],
    limits: RolloutSettings,
) -> CanaryAnalysis:
    """Analyse the changed hosts (by name) by what they did since the change.

    canary: what each changed host did since; None where it gave no metrics. past: what the same
    host did before. peers: what hosts that were not changed did meanwhile. Past and peers may be
    missing or None, and count only with ``minimum_requests`` answers.
    """
    together = _together([window for window in peers.values() if window is not None])
    others = _known(together, limits)
    hosts = {
        name: _host(window, _known(past.get(name), limits), others, limits)
        for name, window in sorted(canary.items())
    }
    if not hosts:
        return CanaryAnalysis("inconclusive", ("no host was changed that could be analysed",), {})
    outcome = max((figures.outcome for figures in hosts.values()), key=SEVERITY.__getitem__)
    if outcome == "pass":
        requests = sum(figures.requests or 0 for figures in hosts.values())
        errors = sum(figures.errors or 0 for figures in hosts.values())
        reasons = [f"{requests:.0f} requests, {errors:.0f} errors: no worse than it may be"]
    else:
        reasons = []
    ordered = sorted(hosts.items(), key=lambda item: -SEVERITY[item[1].outcome])
    reasons += [f"{name}: {reason}" for name, figures in ordered for reason in figures.reasons]
    return CanaryAnalysis(outcome, tuple(reasons), hosts)


def _together(windows: list[Window]) -> Window | None:
    """Several hosts as one; histograms only where all have the same bounds."""
    if not windows:
        return None
    same = all(set(window.buckets) == set(windows[0].buckets) for window in windows)
    bounds = windows[0].buckets if same else ()
    return Window(
        seconds=max(window.seconds for window in windows),
        requests=sum(window.requests for window in windows),
        errors=sum(window.errors for window in windows),
        buckets={bound: sum(window.buckets[bound] for window in windows) for bound in bounds},
    )


def _known(window: Window | None, limits: RolloutSettings) -> Window | None:
    """A window that is large enough to compare with."""
    return window if window is not None and window.requests >= limits.minimum_requests else None


def _host(
    window: Window | None, past: Window | None, peers: Window | None, limits: RolloutSettings
) -> HostFigures:
    if window is None:
        return HostFigures("inconclusive", ("it gave no metrics",))
    findings = [_errors(window, past, peers, limits), _latency(window, past, peers, limits)]
    outcome = max((found[0] for found in findings), key=SEVERITY.__getitem__)
    reasons = [reason for _, reason in findings if reason]
    if window.restarted and outcome != "pass":
        reasons.append("its API was started anew while it was watched; earlier numbers are lost")
    return HostFigures(
        outcome,
        tuple(reasons),
        requests=window.requests,
        errors=window.errors,
        error_ratio=window.error_ratio,
        p95=window.p95,
        past_error_ratio=past.error_ratio if past else None,
        past_p95=past.p95 if past else None,
        restarted=window.restarted,
    )


def _errors(  # noqa: PLR0911 - one answer for each case, in the order of the docstring above
    window: Window, past: Window | None, peers: Window | None, limits: RolloutSettings
) -> tuple[Outcome, str]:
    ratio = window.error_ratio
    obvious = window.errors >= OBVIOUS_ERRORS and ratio > OBVIOUS_RATIO
    seen = f"{window.errors:.0f} of {window.requests:.0f} requests failed ({_percent(ratio)})"
    if window.requests < limits.minimum_requests and not obvious:
        if window.errors > 0:
            return "inconclusive", f"{seen}; {limits.minimum_requests} requests are needed"
        few = f"only {window.requests:.0f} requests, {limits.minimum_requests} are needed"
        return "inconclusive", few
    if ratio <= limits.max_error_ratio:
        return "pass", ""
    allowed = f"{seen}, {_percent(limits.max_error_ratio)} may"
    proven = wilson(window.errors, window.requests)[0] > limits.max_error_ratio
    if past is not None and not _clearly_worse(window, past):
        before = f"before the change {_percent(past.error_ratio)} did"
        # Bad as before is no reason to stop, but too few requests are no reason to go on.
        if past.error_ratio > limits.max_error_ratio and window.requests >= limits.minimum_requests:
            return "pass", f"{seen}, but {before} too"
        return "inconclusive", f"{allowed}; {before}, which is too close to tell"
    if not proven:
        return "inconclusive", f"{allowed}; too few requests to be sure"
    if (
        peers is not None
        and peers.error_ratio > limits.max_error_ratio
        and not _clearly_worse(window, peers)
    ):
        others = f"hosts that were not changed fail as well ({_percent(peers.error_ratio)})"
        return "inconclusive", f"{allowed}; {others}"
    compared = f"; {_percent(past.error_ratio)} before the change" if past is not None else ""
    return "fail", f"{allowed}{compared}"


def _clearly_worse(window: Window, other: Window) -> bool:
    low = wilson(window.errors, window.requests)[0]
    high = wilson(other.errors, other.requests)[1]
    return low > high and window.error_ratio > WORSE_FACTOR * other.error_ratio


def _latency(
    window: Window, past: Window | None, peers: Window | None, limits: RolloutSettings
) -> tuple[Outcome, str]:
    others = [found.p95 for found in (past, peers) if found is not None]
    known = [found for found in others if found is not None]
    p95 = window.p95
    if not known or p95 is None or window.timed < limits.minimum_requests:
        return "pass", ""
    allowed = max(FLOOR_SECONDS, limits.max_latency_factor * max(known))
    share = window.slower_than(allowed) / window.timed
    if share <= SLOW_SHARE:
        return "pass", ""
    text = (
        f"5 % of the answers take {_milliseconds(p95)} or longer, "
        f"{_milliseconds(allowed)} may (before or elsewhere {_milliseconds(max(known))})"
    )
    if wilson(share * window.timed, window.timed)[0] > SLOW_SHARE:
        return "fail", text
    return "inconclusive", f"{text}; too few requests to be sure"


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.3g} %"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def wilson(events: float, total: float, z: float = Z) -> tuple[float, float]:
    """Between which ratios the true one lies, when ``events`` of ``total`` were seen.

    (0, 1) where nothing was seen at all. The score interval holds for few events and for ratios
    near 0, where the textbook interval does not (Wilson 1927; Agresti and Coull, "Approximate is
    better than 'exact'", 1998; recommended by Brown, Cai and DasGupta, "Interval estimation for a
    binomial proportion", 2001).
    """
    if total <= 0:
        return 0.0, 1.0
    ratio = min(1.0, events / total)
    square = z * z
    centre = ratio + square / (2 * total)
    spread = z * math.sqrt(ratio * (1 - ratio) / total + square / (4 * total * total))
    scale = 1 + square / total
    low = 0.0 if events <= 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if events >= total else min(1.0, (centre + spread) / scale)
    return low, high
