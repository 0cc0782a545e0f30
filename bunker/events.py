"""The events of a run and of its workers, as types with one JSON form: one object a line. Pure.

The worker writes them, the run database keeps them, terminal and programs read them. All text in
them is redacted. Every event has ``event`` (its kind) and, where it belongs to one, ``host``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, Self, dataclass_transform

from bunker.json_form import JsonForm
from bunker.outcomes import HostOutcome, Word
from bunker.plan.changes import HostPlan

OUTPUT_LINES: Final = 60
"""How many of a step's last output lines travel with its event."""

State = Literal["running", "interrupted", "paused", "done", "failed", "rolled back", "cancelled"]
"""How far a run is."""

_KINDS: dict[str, type[Event]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
@dataclass(frozen=True, kw_only=True)
class Event(JsonForm):
    """Something that happened. ``time`` is when it was recorded, in seconds since 1970."""

    SPARSE = True
    event: ClassVar[str]
    time: float | None = None

    def __init_subclass__(cls, kind: str = "") -> None:
        dataclass(frozen=True, kw_only=True)(cls)
        if kind:
            cls.event = kind
            _KINDS[kind] = cls

    def to_json(self) -> dict[str, Any]:
        """Plain data, without what is not known."""
        return {"event": self.event, **super().to_json()}


def read_event(data: Mapping[str, Any]) -> Event:
    """The event from its JSON form. Raises ValueError where it is none of ours."""
    try:
        return _KINDS[data["event"]].from_json(data)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no event: {type(error).__name__} {error}") from None


class HostEvent(Event):
    """Something that happened to one host."""

    host: str


# Of a worker


class Planning(Event, kind="planning"):
    """A plan is made on these hosts."""

    hosts: tuple[str, ...]


class Connected(HostEvent, kind="connected"):
    """The host answered."""


class Unreachable(HostEvent, kind="unreachable"):
    """It did not."""

    message: str


class _WithPlan(HostEvent):
    """``commands`` counts the remote commands so far."""

    plan: HostPlan
    commands: int


class Planned(_WithPlan, kind="planned"):
    """What would change on the host."""


class PlanFailed(_WithPlan, kind="failed"):
    """No plan could be made: ``problems`` are errors in their parts, ``plan`` as far as it came."""

    message: str
    problems: tuple[Mapping[str, Any], ...]


class Ready(Event, kind="ready"):
    """All hosts are planned; the worker waits for ``apply`` or the end of its input."""


class Step(HostEvent, kind="step"):
    """A step of a host began or ended. ``seconds`` and ``output`` come with its end."""

    name: str
    number: int
    of: int
    status: Literal["started", "ok", "failed"]
    seconds: float | None = None
    output: tuple[str, ...] | None = None


class HostEnded(HostEvent, kind="host"):
    """The worker is done with a host."""

    outcome: Word
    message: str
    commands: int


class Log(HostEvent, kind="log"):
    """One line of pyinfra's own log, only when verbose."""

    message: str


class Done(Event, kind="done"):
    """Nothing more follows from this worker."""


# Of a run


@dataclass(frozen=True)
class RunBatch:
    """Hosts that are changed at the same time; ``name`` is "canary" or "batch 1", "batch 2", …"""

    name: str
    hosts: tuple[str, ...]


class Begin(Event, kind="begin"):
    """A run begins."""

    run: str
    kind: str
    batches: tuple[RunBatch, ...]


class BatchBegan(Event, kind="batch"):
    """The ``number``-th batch begins."""

    name: str
    number: int
    of: int
    hosts: tuple[str, ...]


class Waiting(HostEvent, kind="waiting"):
    """Another run holds the host; this one waits for it."""

    message: str


class RollbackBegan(Event, kind="rollback"):
    """Hosts whose change failed are rolled back."""

    hosts: tuple[str, ...]


class Outcome(HostEvent, kind="outcome"):
    """The run is done with a host. Its JSON form has the outcome's keys beside the host's name."""

    result: HostOutcome

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """What :meth:`to_json` wrote."""
        return super().from_json({**data, "result": data})

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        found = super().to_json()
        return {**found.pop("result"), **found}


class Gate(Event, kind="gate"):
    """Whether the hosts that were changed are still healthy."""

    outcome: Literal["pass", "fail"]
    hosts: tuple[str, ...]
    reason: str


class Soak(Event, kind="soak"):
    """The first batch is watched ``until`` then (seconds since 1970)."""

    seconds: int
    until: float


class Soaking(Event, kind="soaking"):
    """What the watched hosts did so far; ``hosts`` are figures as those of the analysis."""

    until: float
    hosts: Mapping[str, Any] = field(default_factory=dict)


class Analysis(Event, kind="judgement"):
    """What the canary's metrics say; ``hosts`` are the figures that this was told from."""

    outcome: Literal["pass", "fail", "inconclusive", "cancelled"]
    reasons: tuple[str, ...] = ()
    hosts: Mapping[str, Any] = field(default_factory=dict)


class Paused(Event, kind="paused"):
    """The run waits for an operator's answer: one of ``answers``."""

    reason: str
    answers: tuple[str, ...] = ("go on", "roll back", "stop")


class Decided(Event, kind="decided"):
    """An operator answered."""

    answer: str


class Halted(Event, kind="halted"):
    """The run stops before its last batch."""

    reason: str


class End(Event, kind="end"):
    """The run has ended."""

    state: State


class Warned(Event, kind="warning"):
    """Something beside the run went wrong; the run goes on."""

    message: str


class Stopping(Event, kind="stopping"):
    """An operator told this process to stop; it ends when every host has finished its step."""

    message: str


class Waits(Event, kind="waits"):
    """This command ends and the run does not: ``commands`` are what to do about it."""

    run: str
    message: str
    commands: tuple[str, ...]
    reason: str | None = None
