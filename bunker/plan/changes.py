"""The words of a plan: changes of one host, and the fingerprints they were computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bunker.json_form import JsonForm

Symbol = Literal["+", "~", "-"]


@dataclass(frozen=True)
class Change(JsonForm):
    """One thing that would change on a host; ``lines`` are a diff with secrets masked."""

    role: str
    subject: str
    symbol: Symbol
    summary: str
    lines: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """Sign, role and subject; without the subject where the summary begins with it."""
        again = self.summary.startswith((f"{self.subject} ", f"{self.subject}: "))
        return f"{self.symbol} {self.role}: " + ("" if again else f"{self.subject}: ")

    @property
    def title(self) -> str:
        """One line that says what changes, the same in every output."""
        return f"{self.heading}{self.summary}"


@dataclass(frozen=True)
class HostPlan(JsonForm):
    """What would change on one host.

    ``observed`` fingerprints what the host said, ``wanted`` what the inputs ask for. Both are
    keyed, so a plan file gives no way to test guesses of a secret. ``notes`` say what was found and
    is left as it is.
    """

    host: str
    changes: tuple[Change, ...]
    observed: str
    wanted: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def restarts(self) -> tuple[str, ...]:
        """Services that would restart, each once, in the order they are touched."""
        return tuple(dict.fromkeys(name for change in self.changes for name in change.restarts))


@dataclass(frozen=True)
class FleetPlan:
    """The plans of hosts that would change, and the hosts without one: as they are to be, or why.

    ``next_command`` is what would apply it.
    """

    plans: Sequence[HostPlan]
    unchanged: Sequence[str]
    failed: Mapping[str, str]
    unreachable: Mapping[str, str]
    next_command: str | None = None
