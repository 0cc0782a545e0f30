"""What a run is: the request that it carries out, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, Self

Kind = Literal["deploy", "configure", "upgrade", "canary", "rollout", "rollback", "os-upgrade"]
State = Literal["running", "interrupted", "paused", "done", "failed", "rolled back", "cancelled"]
ENDED: Final = ("done", "failed", "rolled back", "cancelled")
WELL: Final = ("ok", "changed")
"""Outcomes of a host that need nobody's attention."""


@dataclass(frozen=True)
class RunBatch:
    """Hosts that are changed at the same time."""

    name: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class RunRequest:
    """What a run was asked to do; everything that a resume needs, and no secret.

    ``commits`` pins what a ref named when the run began: all hosts get the same code, however
    long the run takes. ``plans`` are fingerprints of what was shown (host → changes, inputs); with
    ``exact`` somebody confirmed just that, and a host that differs by now is left alone. ``inputs``
    are what an approval covers (:mod:`bunker.runs.inputs`), for a run that needed one. ``known``
    are the outcomes of hosts that planning already settled: there was nothing to change, or no
    plan could be made. Times are seconds.
    """

    run: str
    kind: Kind
    fleet: str
    by: str
    command: str
    batches: tuple[RunBatch, ...]
    tags_wanted: tuple[str, ...] = ()
    ref: str | None = None
    commits: Mapping[str, str] = field(default_factory=dict)
    plans: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    exact: bool = False
    inputs: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    soak_seconds: int = 0
    max_fail: int = 0
    judged: bool = False
    one_at_a_time: bool = False
    to_generation: str = ""
    restore: bool = False
    reboot: str = "if-required"
    wait_seconds: float = 0
    retry_of: str | None = None
    plan_hash: str | None = None
    approval: Mapping[str, Any] | None = None
    debug: bool = False

    @property
    def hosts(self) -> list[str]:
        """Every host of the run, in the order of its batches."""
        return [name for batch in self.batches for name in batch.hosts]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The request as :meth:`to_json` wrote it."""
        values = dict(data)
        values["batches"] = tuple(
            RunBatch(batch["name"], tuple(batch["hosts"])) for batch in data["batches"]
        )
        values["tags_wanted"] = tuple(data["tags_wanted"])
        values["plans"] = {host: (pair[0], pair[1]) for host, pair in data["plans"].items()}
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Plain data for the run database."""
        return asdict(self)


@dataclass(frozen=True)
class RunRecord:
    """A run as the database knows it. ``summary`` is what :mod:`bunker.runs.summary` made."""

    request: RunRequest
    state: State
    started: float
    updated: float
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> str:
        """The run's id."""
        return self.request.run

    def to_json(self) -> dict[str, Any]:
        """For programs; times are seconds since 1970."""
        return {
            "run": self.run,
            "kind": self.request.kind,
            "fleet": self.request.fleet,
            "by": self.request.by,
            "command": self.request.command,
            "ref": self.request.ref,
            "state": self.state,
            "started": self.started,
            "updated": self.updated,
            "batches": [asdict(batch) for batch in self.request.batches],
            **self.summary,
        }
