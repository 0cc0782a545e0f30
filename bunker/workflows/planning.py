"""Planning on every selected host through a worker, and showing what was found."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bunker.errors import BunkerError, ExitCode
from bunker.events import Event, PlanFailed, Planned, Unreachable
from bunker.fleet.models import Host
from bunker.outcomes import HostOutcome
from bunker.plan.changes import FleetPlan, HostPlan
from bunker.terminal.plan_text import plan_lines
from bunker.terminal.reporter import Reporter
from bunker.unreachable import UNKNOWN_REMEDY, why_unreachable
from bunker.worker.client import WorkerClient
from bunker.workflows.request import DeployRequest, Target


class Listener(Protocol):
    """Whoever wants to know of every event: an operator's reporter, or a run."""

    def event(self, event: Event) -> None:
        """One event, at the moment it arrives."""


@dataclass
class Preparation:
    """What planning found: a plan per host that answered, a message for each that did not."""

    plans: dict[str, HostPlan] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[BunkerError]] = field(default_factory=dict)
    """By host that failed: everything that has to be settled first."""
    unfinished: dict[str, HostPlan] = field(default_factory=dict)
    """By host that failed: what is known of its plan."""
    commands: dict[str, int] = field(default_factory=dict)

    @property
    def to_change(self) -> list[HostPlan]:
        return [plan for plan in self.plans.values() if plan.changes]

    @property
    def unchanged(self) -> list[str]:
        return [name for name, plan in self.plans.items() if not plan.changes]

    def found(self, next_command: str | None = None) -> FleetPlan:
        """What is shown of it."""
        return FleetPlan(
            self.to_change, self.unchanged, self.failed, self.unreachable, next_command
        )

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


def prepare(
    fleet_name: str, worker: WorkerClient, targets: Sequence[Target], listener: Listener
) -> Preparation:
    """Let the worker connect and plan; every host's answer goes to the listener as it comes."""
    preparation = Preparation()
    hosts = {target.host.name: target.host for target in targets}
    for said in worker.events(until="ready"):
        event = said
        if isinstance(said, Unreachable):
            event = replace(said, message=_why(hosts[said.host], said.message, fleet_name))
        listener.event(event)
        match event:
            case Planned(host=name):
                preparation.plans[name] = event.plan
                preparation.commands[name] = event.commands
            case PlanFailed(host=name):
                preparation.failed[name] = event.message
                preparation.problems[name] = [BunkerError.from_json(p) for p in event.problems]
                preparation.unfinished[name] = event.plan
                preparation.commands[name] = event.commands
            case Unreachable(host=name):
                preparation.unreachable[name] = event.message
    preparation.plans = dict(sorted(preparation.plans.items()))
    return preparation


def _why(host: Host, said: str, fleet: str) -> str:
    """Why the worker could not reach a host; unknown words are kept as they are."""
    trust = f"invoke instance.trust {host.name} --fleet {fleet}"
    problem, remedy = why_unreachable(host, said, trust=trust) or (said, UNKNOWN_REMEDY)
    return str(BunkerError(problem, remedy=remedy))


def show(preparation: Preparation, reporter: Reporter, next_command: str | None) -> None:
    """The plan, and the command that would apply it."""
    reporter.show_plan(preparation.found(next_command if preparation.to_change else None))


def plan_text(preparation: Preparation) -> list[str]:
    """The plan as an operator sees it, line by line."""
    return [line.text for line in plan_lines(preparation.found())]


def dry_exit(request: DeployRequest, preparation: Preparation) -> ExitCode:
    """What a command answers that only planned."""
    if preparation.failed or preparation.unreachable:
        return ExitCode.SOME_HOSTS_FAILED
    if preparation.to_change and request.detailed_exitcode:
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
    more = f" and {len(subjects) - SUBJECTS_NAMED} more" if len(subjects) > SUBJECTS_NAMED else ""
    return f": {', '.join(subjects[:SUBJECTS_NAMED])}{more}" if subjects else ""


SUBJECTS_NAMED = 2
"""So many subjects say what made a plan stale; a new plan shows them all."""


def plans_of(preparation: Preparation) -> Mapping[str, tuple[str, str]]:
    """The fingerprints of every host that is to change, for the run that applies the plan."""
    return {plan.host: fingerprints(plan) for plan in preparation.to_change}
