"""What visitors noticed of a change: the summary line of the probe that runs beside it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from bunker.answers import MOST, record

WORD: Final = "availability "
"""How the line begins that the probe prints when it is stopped."""


@dataclass(frozen=True)
class Availability:
    """Requests of the probe from before a change until after its gates.

    A request stands for the time until the next one. ``longest_outage_seconds`` is the longest
    time in which every request failed, ``unavailable_seconds`` the sum of all such times,
    ``slowest_seconds`` the longest answer and ``seconds`` the time that was watched.
    """

    requests: int
    failed: int
    longest_outage_seconds: float
    unavailable_seconds: float
    slowest_seconds: float
    seconds: float = 0.0

    @property
    def uninterrupted(self) -> bool:
        """Whether something was measured and no request failed."""
        return self.requests > 0 and self.failed == 0

    def sentence(self) -> str:
        """One line for an operator."""
        if not self.requests:
            return "not measured"
        slowest = f"slowest answer {self.slowest_seconds:.2f} s"
        if not self.failed:
            return f"no failed request of {self.requests}; {slowest}"
        return (
            f"{self.failed} of {self.requests} requests failed; unavailable for "
            f"{self.unavailable_seconds:.1f} s, at most {self.longest_outage_seconds:.1f} s "
            f"in one piece; {slowest}"
        )

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """The figures as :meth:`to_json` or the probe wrote them; ValueError for anything else."""
        if not isinstance(data, dict):
            raise ValueError("expected an object")
        try:
            return cls(
                requests=_count(data["requests"]),
                failed=_count(data["failed"]),
                longest_outage_seconds=_seconds(data["longest_outage_seconds"]),
                unavailable_seconds=_seconds(data["unavailable_seconds"]),
                slowest_seconds=_seconds(data["slowest_seconds"]),
                seconds=_seconds(data.get("seconds", 0.0)),
            )
        except KeyError as error:
            raise ValueError(f"expected a value for {error.args[0]}") from error

    def to_json(self) -> dict[str, Any]:
        """Plain data for events and the journal."""
        return asdict(self)


def parse_availability(lines: Iterable[str]) -> Availability | None:
    """The last summary among a step's output lines; None where there is none to be read."""
    found = None
    for text in lines:
        line = text.strip()
        if line.startswith(WORD):
            try:
                found = Availability.from_json(record(line.removeprefix(WORD), WORD))
            except ValueError:
                continue
    return found


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise ValueError("expected a count")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected seconds")
    if not 0 <= value <= MOST:  # neither is NaN
        raise ValueError("expected seconds")
    return float(value)
