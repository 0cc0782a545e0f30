"""How the change of one host ended, as a type with one JSON form. Pure.

Runs, terminal, notifications, the worker and the audit log all speak of a host in this form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from bunker.json_form import JsonForm

Word = Literal[
    "ok",
    "changed",
    "failed",
    "unreachable",
    "not started",
    "interrupted",
    "rolled back",
    "under way",
]
WORDS: Final[tuple[Word, ...]] = get_args(Word)
SUCCEEDED: Final = ("ok", "changed")
"""Words of a host that needs no attention."""


@dataclass(frozen=True, kw_only=True)
class HostOutcome(JsonForm):
    """One host's end.

    ``step`` and ``output`` are of the step that failed, ``commands`` counts remote commands.
    ``generation`` is the record that the host has now, ``availability`` what the probe measured.
    ``locked``: another run holds the host. ``stale``: it is not any more what was confirmed.
    ``restarted``: it booted while it was changed. After a rollback ``back_on`` is the generation
    that runs; ``choice`` says why there was none. ``going_to`` is where a rollback leads, ``ref``
    the version of that and ``settings`` the values of ``set`` that it had; ``files`` are folders of
    the fleet that still hold what was rolled back.
    """

    SPARSE = True
    outcome: Word
    message: str = ""
    step: str | None = None
    output: tuple[str, ...] | None = None
    commands: int | None = None
    generation: Mapping[str, Any] | None = None
    availability: Mapping[str, Any] | None = None
    locked: bool | None = None
    stale: bool | None = None
    restarted: bool | None = None
    back_on: int | None = None
    choice: str | None = None
    going_to: int | None = None
    ref: str | None = None
    settings: Mapping[str, Any] | None = None
    files: tuple[str, ...] | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the host is as it was wanted."""
        return self.outcome in SUCCEEDED

    @property
    def generation_number(self) -> int | None:
        """The number of the generation that the host has now."""
        return (self.generation or {}).get("number")


Outcomes = Mapping[str, HostOutcome]
"""By host."""


def read_outcomes(data: Mapping[str, Mapping[str, Any]]) -> dict[str, HostOutcome]:
    """Outcomes by host from their JSON form."""
    return {name: HostOutcome.from_json(found) for name, found in data.items()}


def write_outcomes(outcomes: Outcomes) -> dict[str, dict[str, Any]]:
    """Outcomes by host in their JSON form."""
    return {name: found.to_json() for name, found in outcomes.items()}


def not_started(names: Iterable[str]) -> dict[str, HostOutcome]:
    """Hosts on which nothing has happened yet."""
    return {name: HostOutcome(outcome="not started") for name in names}


def failed_hosts(outcomes: Outcomes) -> list[str]:
    """Hosts that were tried and did not succeed."""
    return [
        name
        for name, found in outcomes.items()
        if not found.succeeded and found.outcome != "not started"
    ]
