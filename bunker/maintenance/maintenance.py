"""One host's maintenance, as the host has written it down."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from bunker.answers import clock_and_record, line, moment, of, text
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
        return asdict(self)


def read_maintenance(lines: Sequence[str]) -> Maintenance | None:
    """What a host answered: its clock, then the file in base64, if there is one.

    None where no maintenance is open: there is no file, it has ended, or it cannot be read.
    """
    try:
        what = "its maintenance"
        now, found = clock_and_record(lines, what)
        until = moment(of(found, "until", what), "until")
        left = until - now
        if left <= 0:
            return None
        return Maintenance(
            until=until,
            reason=text(of(found, "reason", what), "reason"),
            by=text(of(found, "by", what), "by"),
            run=line(found["run"], "run") if found.get("run") else None,
            opened=moment(of(found, "opened", what), "opened"),
            seconds_left=left,
        )
    except ValueError:
        return None
