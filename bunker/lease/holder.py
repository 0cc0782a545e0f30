"""Who holds a host, in data and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bunker.answers import MOST, UnreadableAnswer, clock_and_record, moment, of, whole
from bunker.duration import describe_duration
from bunker.json_form import JsonForm


@dataclass(frozen=True)
class LeaseHolder(JsonForm):
    """The run that holds a host's lease, as the host said it; seconds by the host's clock."""

    host: str
    owner: str
    run: str
    purpose: str
    held_seconds: int
    expires_in: int

    @classmethod
    def of(cls, host: str, data: Mapping[str, Any]) -> Self:
        """The holder from a keeper's answer. What cannot be read of it is unknown: it is held."""

        def text(key: str, unknown: str) -> str:
            return value if isinstance(value := data.get(key), str) else unknown

        def seconds(key: str) -> int:
            try:
                return whole(data.get(key), key, least=-MOST)
            except UnreadableAnswer:
                return 0

        return cls(
            host=host,
            owner=text("owner", "another operator"),
            run=text("run", "unknown"),
            purpose=text("purpose", "unknown purpose"),
            held_seconds=seconds("held_seconds"),
            expires_in=seconds("expires_in"),
        )

    def sentence(self) -> str:
        """Who holds it, since when, and when it is free by itself; without the host's name."""
        return (
            f"held by {self.owner} for run {self.run} ({self.purpose}) since "
            f"{describe_duration(self.held_seconds)}, frees itself within "
            f"{max(1, self.expires_in)} s unless renewed"
        )


def read_lease(host: str, lines: Sequence[str]) -> LeaseHolder | None:
    """What a host answered: its clock, then its lease in base64, if there is one.

    None where it is free: there is no lease, it has expired, or it cannot be read.
    """
    try:
        now, found = clock_and_record(lines, "its lease")
        times = {
            "held_seconds": now - moment(of(found, "acquired", "its lease"), "acquired"),
            "expires_in": moment(of(found, "expires", "its lease"), "expires") - now,
        }
    except ValueError:
        return None
    return LeaseHolder.of(host, found | times) if times["expires_in"] >= 0 else None
