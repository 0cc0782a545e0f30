"""How a planned change would go: batches, what it may lose, what it still waits for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bunker.events import RunBatch
from bunker.journal.records import AT_ONCE, Pace
from bunker.json_form import JsonForm

MIGRATIONS: Final = "migrations"
"""The subject of the change that brings them."""


@dataclass(frozen=True)
class Risk(JsonForm):
    """What cannot be undone by a rollback of the code alone; ``loses``: data can be gone."""

    text: str
    loses: bool = False


@dataclass(frozen=True)
class Outlook(JsonForm):
    """``closed`` are the sentences of closed windows, ``approval`` the groups that ask for a second
    operator. ``risks`` and ``notes`` are by host; notes are good news about its migrations.
    ``migrations`` says by host and application how many there are, where that is known.
    """

    batches: tuple[RunBatch, ...] = ()
    pace: Pace = AT_ONCE
    closed: tuple[str, ...] = ()
    approval: tuple[str, ...] = ()
    risks: Mapping[str, tuple[Risk, ...]] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    migrations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def losing(self) -> tuple[str, ...]:
        """Hosts that may lose data, sorted."""
        return tuple(
            sorted(host for host, risks in self.risks.items() if any(one.loses for one in risks))
        )
