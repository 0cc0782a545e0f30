"""Planning on every selected host through a worker."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from bunker.errors import BunkerError, ExitCode
from bunker.events import Event, PlanFailed, Planned, Planning, Unreachable
from bunker.fleet.models import Host
from bunker.plan.changes import FleetPlan, HostPlan
from bunker.terminal.lines import some
from bunker.unreachable import UNKNOWN_REMEDY, why_unreachable
from bunker.worker.client import WorkerClient
from bunker.workflows.request import DeployRequest, Target


def prepare(
    fleet_name: str, worker: WorkerClient, targets: Sequence[Target], tell: Callable[[Event], None]
) -> FleetPlan:
    """Let the worker connect and plan; every host's answer is told as it comes."""
    found = FleetPlan()
    hosts = {target.host.name: target.host for target in targets}
    tell(Planning(hosts=tuple(hosts)))
    for said in worker.events(until="ready"):
        event = said
        if isinstance(said, Unreachable):
            event = replace(said, message=_why(hosts[said.host], said.message, fleet_name))
        tell(event)
        match event:
            case Planned(host=name):
                found.plans[name] = event.plan
                found.commands[name] = event.commands
            case PlanFailed(host=name):
                found.failed[name] = event.message
                found.problems[name] = [BunkerError.from_json(p) for p in event.problems]
                found.unfinished[name] = event.plan
                found.commands[name] = event.commands
            case Unreachable(host=name):
                found.unreachable[name] = event.message
    found.plans = dict(sorted(found.plans.items()))
    return found


def _why(host: Host, said: str, fleet: str) -> str:
    """Why the worker could not reach a host; unknown words are kept as they are."""
    trust = f"invoke instance.trust {host.name} --fleet {fleet}"
    problem, remedy = why_unreachable(host, said, trust=trust) or (said, UNKNOWN_REMEDY)
    return str(BunkerError(problem, remedy=remedy))


def dry_exit(request: DeployRequest, found: FleetPlan) -> ExitCode:
    """What a command answers that only planned."""
    if found.failed or found.unreachable:
        return ExitCode.SOME_HOSTS_FAILED
    if found.to_change and request.detailed_exitcode:
        return ExitCode.CHANGES_PENDING
    return ExitCode.OK


def same_plan(confirmed: tuple[str, str], plan: HostPlan) -> bool:
    """Whether a host and its inputs are what they were when the plan was shown."""
    return confirmed == fingerprints(plan)


def fingerprints(plan: HostPlan) -> tuple[str, str]:
    """Of the changes that were shown, and of what was asked for.

    Containers that are brought up are left out: one that crashes again and again is in another
    state each time someone looks, and the operator wants it fixed in every one.
    """
    shown = [
        [change.role, change.subject, change.summary]
        for change in plan.changes
        if change.restarts != (change.subject,)
    ]
    text = json.dumps(shown, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest(), plan.wanted


def differing(planned: HostPlan, now: HostPlan) -> str:
    """The first subjects of two plans that are not the same in both, to be put after a reason."""
    unlike = [change for change in planned.changes if change not in now.changes]
    unlike += [change for change in now.changes if change not in planned.changes]
    subjects = list(dict.fromkeys(f"{change.role} {change.subject}" for change in unlike))
    return f": {some(subjects, SUBJECTS_NAMED)}" if subjects else ""


SUBJECTS_NAMED = 2
"""So many subjects say what made a plan stale; a new plan shows them all."""
