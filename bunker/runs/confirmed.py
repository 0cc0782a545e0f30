"""Hosts of a batch that are left alone: they are not what was shown, approved or confirmed."""

from collections.abc import Mapping, Sequence
from typing import Final

from bunker.fleet import Fleet
from bunker.plan.changes import FleetPlan
from bunker.runs.context import RunContext
from bunker.runs.host_outcomes import Applied, failed
from bunker.runs.inputs import fingerprints
from bunker.runs.work import ROLLBACK
from bunker.workflows.planning import same_plan
from bunker.workflows.request import DeployRequest, Target
from bunker.workflows.risks import find_risks

STALE: Final = "it changed after the plan was shown; nothing was changed on it"
UNSEEN: Final = "it may lose data, which was not asked for; nothing was changed on it"
MOVED: Final = (
    "its files, its secrets or the program changed after this run was approved;"
    " nothing more was changed on it"
)

Changed = dict[str, Applied]
Confirmed = Mapping[str, tuple[str, str]]


def moved(
    context: RunContext, request: DeployRequest, fleet: Fleet, targets: Sequence[Target]
) -> Changed:
    """Hosts whose inputs are not those that were approved any more, also after a resume.

    A rollback is free of approvals.
    """
    run = context.request
    if not run.inputs or request.work.role == ROLLBACK:
        return {}
    now = fingerprints(request, fleet, targets)
    return {
        # What this run had begun to change is rolled back; a step is what says so.
        name: failed(MOVED, stale=True, step="approval" if name in context.before.touched else None)
        for name, found in now.items()
        if found != run.inputs.get(name)
    }


def stale(context: RunContext, found: FleetPlan, confirmed: Confirmed) -> Changed:
    """Hosts that are not any more what the confirmed plan was made from.

    Not after a resume: then they differ because this very run began to change them.
    """
    if context.resumed:
        return {}
    return {
        plan.host: failed(STALE, stale=True)
        for plan in found.to_change
        if plan.host in confirmed and not same_plan(confirmed[plan.host], plan)
    }


def losing(context: RunContext, found: FleetPlan, targets: Sequence[Target]) -> Changed:
    """Hosts that may lose data by a plan that was not shown, and were not named for that.

    A host that was away while it was planned, or that another deploy changed meanwhile.
    """
    run = context.request
    unseen = [
        target
        for target in targets
        if (plan := found.plans.get(target.host.name))
        and plan.host not in (*run.may_lose, *context.before.touched)
        and not (plan.host in run.plans and same_plan(run.plans[plan.host], plan))
    ]
    risks = find_risks(context.root, found, unseen).risks
    lost = {name: [one.text for one in ours if one.loses] for name, ours in risks.items()}
    return {
        name: failed(f"{UNSEEN}: {'; '.join(texts)}", stale=True)
        for name, texts in lost.items()
        if texts
    }
