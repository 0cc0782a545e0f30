"""What a run had done to its hosts before its process died, told from its events. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bunker.events import Event, Outcome, RollbackBegan, Step
from bunker.outcomes import HostOutcome


@dataclass
class ResumeState:
    """By host: whether it was touched, and how far its rollback had come.

    ``failures`` holds the outcomes of hosts whose rollback had begun and not ended,
    ``rolling_back`` those whose rollback had begun a step, ``rolled_back`` the outcomes of those
    that are rolled back.
    """

    touched: set[str] = field(default_factory=set)
    failures: dict[str, HostOutcome] = field(default_factory=dict)
    rolling_back: set[str] = field(default_factory=set)
    rolled_back: dict[str, HostOutcome] = field(default_factory=dict)


def resume_state(events: Iterable[Event]) -> ResumeState:
    """Fold the events of a run that is resumed."""
    found = ResumeState()
    failed: dict[str, HostOutcome] = {}
    for event in events:
        match event:
            case Step(host=host, status="started"):
                (found.rolling_back if host in found.failures else found.touched).add(host)
            case Step(host=host, status="failed") if host not in found.failures:
                failed[host] = HostOutcome(
                    outcome="failed",
                    message=f"step {event.number} of {event.of} failed: {event.name}",
                    step=event.name,
                    output=event.output,
                )
            case RollbackBegan(hosts=hosts):
                for host in hosts:
                    failure = failed.get(host, HostOutcome(outcome="failed"))
                    found.failures.setdefault(host, failure)
            # A step that was told to stop says "interrupted", and comes again.
            case Outcome(host=host, result=result) if result.outcome != "interrupted":
                found.failures.pop(host, None)
                if result.outcome == "rolled back":
                    found.rolled_back[host] = result
    return found
