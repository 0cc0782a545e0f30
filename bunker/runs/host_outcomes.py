"""What a host's outcome is, from what leases, a plan, a worker's events and the way back say."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bunker.journal.records import WELL
from bunker.plan.changes import HostPlan
from bunker.runs.step_answers import answers_of
from bunker.runs.summary import Outcomes

if TYPE_CHECKING:
    from bunker.lease.leases import HostLeases


def refused(leases: HostLeases) -> Outcomes:
    """Hosts that another run holds, and those that cannot be reached."""
    found: Outcomes = {
        name: {"outcome": "failed", "message": holder.sentence(), "locked": True}
        for name, holder in leases.refused.items()
    }
    for name, error in leases.unreachable.items():
        found[name] = {"outcome": "unreachable", "message": str(error)}
    return found


def told(plan: HostPlan, run: str) -> dict[str, Any]:
    """What a plan says of the outcome: where it goes back to, what ``run`` recorded before."""
    made = plan.facts.get("generation")
    found: dict[str, Any] = {}
    if isinstance(made, Mapping) and made.get("run") == run:
        found["generation"] = made
    if plan.facts.get("generation_to") is not None:
        found["going_to"] = plan.facts["generation_to"]
    for key in ("boot", "went_back", "ref_to"):
        if plan.facts.get(key):
            found[key] = plan.facts[key]
    return found


def restarted(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a failure in place of a lost connection, where the host booted meanwhile.

    ``before`` and ``after`` are the outcomes of the change and of its way back. A boot is told by
    its id, not by how the connection was lost.
    """
    old, new = before.get("boot"), after.get("boot")
    if not (old and new and before.get("step") and old["id"] != new["id"]):
        return {}
    at = time.strftime("%H:%M %Z", time.localtime(new["since"]))
    text = f"the host restarted at {at} during {before['step']}"
    if after.get("ref_to") and after["outcome"] in WELL:
        text += f"; it is back on {after['ref_to']}"
    return {"message": text, "restarted": True, "output": []}


def note(event: Mapping[str, Any], outcomes: Outcomes) -> None:
    """Take a worker's event into the outcomes of its hosts."""
    if event["event"] == "step":
        outcome = outcomes[event["host"]]
        if event["status"] == "failed":
            outcome |= {"step": event["name"], "output": event["output"]}
        elif event["status"] == "ok":
            outcome |= answers_of(event.get("output") or ())
        else:
            outcome["began"] = True
    elif event["event"] == "host":
        outcome = outcomes[event["host"]]
        outcome |= {key: event[key] for key in ("outcome", "message", "commands")}
        if outcome["outcome"] == "not started" and outcome.get("began"):
            outcome["outcome"] = "interrupted"
