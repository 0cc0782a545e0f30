"""Timing: wall seconds of several runs after one warm-up, compared by their medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, in seconds, and what it is compared with."""

    what: str
    seconds: tuple[float, ...]
    against: str = ""

    @property
    def median(self) -> float:
        """The middle of all runs."""
        return statistics.median(self.seconds)

    def row(self) -> tuple[str, ...]:
        """The figure as a row of the table."""
        shown = (self.median, min(self.seconds), max(self.seconds))
        return (self.what, *(f"{s:.3f} s" for s in shown), str(len(self.seconds)), self.against)


def measure(what: str, work: Callable[[], object], runs: int = 5, against: str = "") -> Figure:
    """Run once without counting, then ``runs`` times."""
    work()
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return Figure(what, tuple(seconds), against)


def ratio(figure: Figure, base: Figure) -> Figure:
    """The same figure, with how many times the base it takes."""
    text = f"{figure.median / base.median:.1f} x {base.what}"
    return Figure(figure.what, figure.seconds, text)
