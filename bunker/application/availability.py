"""What visitors noticed of a change: the summary of the probe that runs beside it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from bunker.answers import MOST
from bunker.json_form import JsonForm

Count = Annotated[int, Field(strict=True, ge=0, le=MOST)]
Seconds = Annotated[float, Field(strict=True, ge=0, le=MOST, allow_inf_nan=False)]


@dataclass(frozen=True)
class Availability(JsonForm):
    """Requests of the probe from before a change until after its gates.

    A request stands for the time until the next one. ``longest_outage_seconds`` is the longest
    time in which every request failed, ``unavailable_seconds`` the sum of all such times,
    ``slowest_seconds`` the longest answer and ``seconds`` the time that was watched.
    """

    requests: Count
    failed: Count
    longest_outage_seconds: Seconds
    unavailable_seconds: Seconds
    slowest_seconds: Seconds
    seconds: Seconds = 0.0

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
