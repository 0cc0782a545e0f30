"""The workflow of a change that takes hosts out of service: never two at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bunker.journal.records import Summary
from bunker.outcomes import HostOutcome
from bunker.runs.rolling import (
    changed_hosts,
    ended,
    hosts_before,
    may_not_go_on,
    too_many_failed,
)

if TYPE_CHECKING:
    from bunker.runs.steps import RunSteps


def one_by_one(run: RunSteps) -> Summary:
    """Change host after host; after each batch all that were changed have to be healthy."""
    outcomes = hosts_before(run)
    return ended(outcomes, _hosts(run, outcomes))


def _hosts(run: RunSteps, outcomes: dict[str, HostOutcome]) -> str:
    last = run.request.hosts[-1]
    for number, batch in enumerate(run.request.batches):
        if number and (reason := may_not_go_on(run)):
            return reason
        for name in batch.hosts:
            if name != batch.hosts[0] and (reason := may_not_go_on(run)):
                return reason
            changed = run.change(number, [name])
            outcomes |= changed
            reason = too_many_failed(run, batch, changed, outcomes)
            if reason:
                return reason if name != last else ""
        if last not in batch.hosts and (reason := run.gate(changed_hosts(outcomes))):
            return reason
    return ""
