"""What a run is: the request that it carries out, and what became of it. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from bunker.errors import BunkerError
from bunker.events import Analysis, RunBatch, State
from bunker.json_form import JsonForm
from bunker.outcomes import HostOutcome, Outcomes

ENDED: Final = ("done", "failed", "rolled back", "cancelled")

SCHEMA: Final = 3
"""Of a request's JSON form. Raised when an older one cannot be read any more."""


class OtherSchema(BunkerError):
    """A run that another version of this program recorded."""


@dataclass(frozen=True)
class Pace:
    """How a run goes through its hosts.

    ``batch`` is empty where all hosts are changed at once. ``canary`` names the hosts that go
    first; the run watches them for ``soak_seconds`` and, where it is ``analysed``, compares their
    metrics. The run stops when more than ``max_fail`` hosts failed or are away.
    """

    batch: str = ""
    canary: tuple[str, ...] = ()
    only_canary: bool = False
    soak_seconds: int = 0
    analysed: bool = False
    max_fail: int = 0


AT_ONCE: Final = Pace()
"""All hosts at the same time."""


@dataclass(frozen=True)
class RunRequest(JsonForm):
    """What a run was asked to do; everything that a resume needs, and no secret.

    ``arguments`` are those of its kind (:mod:`bunker.runs.kinds`), in their JSON form. ``commits``
    pins what a ref named when the run began: all hosts get the same code, however long the run
    takes. ``plans`` are fingerprints of what was shown (host → changes, inputs); with ``exact``
    just that was confirmed, and a host that differs by now is left alone. ``inputs`` are what
    an approval covers (:mod:`bunker.runs.inputs`), for a run that needed one. ``may_lose`` are the
    hosts that may lose data by it, as an operator named them. ``known`` are the
    outcomes of hosts that planning already settled: there was nothing to change, or no plan could
    be made. ``version`` is that of the program that made it; empty where none was noted yet. Times
    are seconds.
    """

    run: str
    kind: str
    fleet: str
    by: str
    command: str
    batches: tuple[RunBatch, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    pace: Pace = AT_ONCE
    commits: Mapping[str, str] = field(default_factory=dict)
    plans: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    exact: bool = False
    inputs: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, HostOutcome] = field(default_factory=dict)
    wait_seconds: float = 0
    may_lose: tuple[str, ...] = ()
    retry_of: str | None = None
    plan_hash: str | None = None
    approval: Mapping[str, Any] | None = None
    debug: bool = False
    version: str = ""
    schema: int = SCHEMA

    @property
    def hosts(self) -> list[str]:
        """Every host of the run, in the order of its batches."""
        return [name for batch in self.batches for name in batch.hosts]

    @property
    def ref(self) -> str | None:
        """The version that was asked for, where the kind takes one and one was given."""
        return self.arguments.get("ref") or None

    @property
    def settings(self) -> tuple[str, ...]:
        """The values of ``set`` that were asked for, as PATH=VALUE."""
        return tuple(self.arguments.get("set") or ())

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """The request as :meth:`to_json` wrote it; OtherSchema where another version did."""
        if data.get("schema") != SCHEMA and "batches" in data:
            raise OtherSchema(
                f"the run {data['run']} was recorded by another version of Bunker Ops",
                remedy="Look at it, or resume it, with the version that began it",
            )
        return super().from_json(data)


@dataclass(frozen=True)
class Summary(JsonForm):
    """Every host's outcome, why the run stopped early, and the question it waits with.

    ``answers`` are those that this question takes.
    """

    hosts: Outcomes
    state: State = "running"
    reason: str = ""
    paused: str = ""
    answers: tuple[str, ...] = ()
    soaking_until: float | None = None
    analyses: tuple[Analysis, ...] = ()

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """What :meth:`to_json` wrote."""
        return super().from_json({**data, "analyses": data["judgements"]})

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the keys that programs know."""
        found = super().to_json()
        found["judgements"] = found.pop("analyses")
        return found


@dataclass(frozen=True)
class RunRecord:
    """A run as the database knows it. ``started`` and ``updated`` are seconds since 1970."""

    request: RunRequest
    summary: Summary
    started: float
    updated: float

    @property
    def run(self) -> str:
        return self.request.run

    @property
    def state(self) -> State:
        return self.summary.state

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "kind": self.request.kind,
            "fleet": self.request.fleet,
            "by": self.request.by,
            "command": self.request.command,
            "ref": self.request.ref,
            "version": self.request.version,
            "started": self.started,
            "updated": self.updated,
            "batches": [asdict(batch) for batch in self.request.batches],
            **self.summary.to_json(),
        }
