"""One host's maintenance, as the host has written it down."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bunker.duration import describe_duration


@dataclass(frozen=True)
class Maintenance:
    """Open maintenance. Times are seconds since 1970 by the host's clock.

    ``run`` is the run that opened it and closes it again; None where a person did.
    ``seconds_left`` is counted from when the host was asked.
    """

    until: int
    reason: str
    by: str
    run: str | None
    opened: int
    seconds_left: int

    def sentence(self) -> str:
        """``maintenance until 2026-11-24 16:00 (25 minutes left): new disk, by anna@desk``."""
        end = datetime.fromtimestamp(self.until, UTC).astimezone()
        run = f" in run {self.run}" if self.run else ""
        return (
            f"maintenance until {end:%Y-%m-%d %H:%M} ({describe_duration(self.seconds_left)} left)"
            f": {self.reason}, by {self.by}{run}"
        )

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "until": self.until,
            "reason": self.reason,
            "by": self.by,
            "run": self.run,
            "opened": self.opened,
            "seconds_left": self.seconds_left,
        }


def read_maintenance(lines: Sequence[str]) -> Maintenance | None:
    """What a host answered: its clock, then the file in base64, if there is one.

    None where no maintenance is open: there is no file, it has ended, or it cannot be read.
    """
    try:
        now, *encoded = (line.strip() for line in lines if line.strip())
        found = json.loads(base64.b64decode("".join(encoded)))
        until, left = int(found["until"]), int(found["until"]) - int(now)
        if left <= 0:
            return None
        datetime.fromtimestamp(until, UTC)
        return Maintenance(
            until=until,
            reason=str(found["reason"]),
            by=str(found["by"]),
            run=str(found["run"]) if found.get("run") else None,
            opened=int(found["opened"]),
            seconds_left=left,
        )
    except (ValueError, TypeError, KeyError, OverflowError, OSError, binascii.Error):
        return None
