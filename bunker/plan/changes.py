"""The words of a plan: changes of one host, and the fingerprints they were computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bunker.errors import BunkerError
from bunker.json_form import JsonForm
from bunker.outcomes import HostOutcome

Symbol = Literal["+", "~", "-"]


@dataclass(frozen=True)
class Change(JsonForm):
    """One thing that would change on a host; ``lines`` are a diff with secrets masked.

    ``loses`` says which data are gone afterwards; empty: none.
    """

    role: str
    subject: str
    symbol: Symbol
    summary: str
    lines: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    loses: str = ""

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


@dataclass
class FleetPlan:
    """What planning found: a plan for each host that answered, a sentence for each other one.

    Of hosts that failed, ``problems`` are what has to be settled first, ``unfinished`` is their
    plan as far as it is known. ``commands`` counts the remote ones.
    """

    plans: dict[str, HostPlan] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[BunkerError]] = field(default_factory=dict)
    unfinished: dict[str, HostPlan] = field(default_factory=dict)
    commands: dict[str, int] = field(default_factory=dict)

    @property
    def to_change(self) -> list[HostPlan]:
        """The plans that have changes."""
        return [plan for plan in self.plans.values() if plan.changes]

    @property
    def unchanged(self) -> list[str]:
        """Hosts that are as they are to be."""
        return [name for name, plan in self.plans.items() if not plan.changes]

    @property
    def outcomes(self) -> dict[str, HostOutcome]:
        """How every host ends of which nothing is to be changed, or nothing is known."""
        found = {
            name: HostOutcome(outcome="ok", commands=self.commands[name]) for name in self.unchanged
        }
        for name, text in self.failed.items():
            found[name] = HostOutcome(outcome="failed", message=text)
        for name, text in self.unreachable.items():
            found[name] = HostOutcome(outcome="unreachable", message=text)
        return found
