"""What became of a run, told from its events: pure, and the same for a live run and an old one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bunker.errors import ExitCode
from bunker.journal.records import WELL, RunRequest, State

Outcomes = dict[str, dict[str, Any]]


@dataclass
class Summary:
    """Every host's outcome, why the run stopped early, and the question it waits with."""

    hosts: Outcomes
    state: State = "running"
    reason: str = ""
    paused: str = ""
    soaking_until: float | None = None
    judgements: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain data, kept as the result of the run."""
        return {
            "hosts": self.hosts,
            "state": self.state,
            "reason": self.reason,
            "paused": self.paused,
            "soaking_until": self.soaking_until,
            "judgements": self.judgements,
        }


def summarise(request: RunRequest, events: Iterable[Mapping[str, Any]]) -> Summary:
    """Fold the events. A resumed run tells some things twice; the last word counts."""
    summary = Summary(_before(request))
    for event in events:
        _fold(summary, event)
    return summary


def _before(request: RunRequest) -> Outcomes:
    outcomes: Outcomes = {name: dict(outcome) for name, outcome in request.known.items()}
    outcomes |= {name: {"outcome": "not started", "message": ""} for name in request.hosts}
    return dict(sorted(outcomes.items()))


def _fold(summary: Summary, event: Mapping[str, Any]) -> None:
    match event["event"]:
        case "step":
            outcome = summary.hosts.setdefault(event["host"], {"outcome": "not started"})
            if outcome["outcome"] not in WELL:
                outcome |= {"outcome": "interrupted", "message": f"during {event['name']}"}
        case "outcome":
            summary.hosts[event["host"]] = {
                key: value for key, value in event.items() if key not in ("event", "host")
            }
        case "soak":
            summary.soaking_until = event["until"]
        case "judgement":
            summary.soaking_until = None
            summary.judgements.append({k: v for k, v in event.items() if k != "event"})
        case "paused":
            summary.paused = event["reason"]
        case "decided":
            summary.paused = ""
        case "halted":
            summary.reason = event["reason"]
        case "end":
            summary.state = event["state"]


def end_state(outcomes: Mapping[str, Mapping[str, Any]], *, halted: bool = False) -> State:
    """How a run ended, by its hosts. What was rolled back is never a success."""
    found = {outcome["outcome"] for outcome in outcomes.values()}
    if found - {*WELL, "rolled back", "not started"}:
        return "failed"
    if "rolled back" in found:
        return "rolled back"
    return "failed" if halted or "not started" in found else "done"


def exit_code(state: State, outcomes: Mapping[str, Mapping[str, Any]]) -> ExitCode:
    """The command's answer; only a lease of somebody else on every host is a lock that is held."""
    bad = [outcome for outcome in outcomes.values() if outcome["outcome"] not in WELL]
    if state == "failed" and bad and all(outcome.get("locked") for outcome in bad):
        return ExitCode.LOCK_HELD
    if state == "failed" and bad and all(outcome.get("stale") for outcome in bad):
        return ExitCode.PLAN_STALE
    codes: dict[State, ExitCode] = {
        "done": ExitCode.OK,
        "rolled back": ExitCode.ROLLED_BACK,
        "paused": ExitCode.GATE_INCONCLUSIVE,
        "failed": ExitCode.SOME_HOSTS_FAILED,
        "cancelled": ExitCode.SOME_HOSTS_FAILED,
        "interrupted": ExitCode.INTERRUPTED,
        "running": ExitCode.OK,
    }
    return codes[state]


def bad_hosts(outcomes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Hosts that did not end well and were tried."""
    return [
        name
        for name, outcome in outcomes.items()
        if outcome["outcome"] not in (*WELL, "not started")
    ]
