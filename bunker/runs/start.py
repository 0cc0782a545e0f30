"""From what an operator asked for to a run: plan on every host, show, ask, and begin."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bunker.audit.who import operator
from bunker.errors import Declined, ExitCode
from bunker.events import RunBatch, Warned
from bunker.fleet import Fleet
from bunker.journal.records import AT_ONCE, Pace, RunRequest
from bunker.outlook import Outlook
from bunker.plan.changes import FleetPlan
from bunker.plan.store import plan_hash
from bunker.role import named
from bunker.runs.batches import make_batches
from bunker.runs.kind import Kind
from bunker.runs.outlook import outlook_of
from bunker.runs.pinning import pin_outcomes
from bunker.runs.policies import check_approval, check_windows
from bunker.terminal.lines import count
from bunker.terminal.plan_text import plan_lines
from bunker.terminal.reporter import Reporter
from bunker.version import version
from bunker.worker.client import WorkerClient
from bunker.workflows.domains import tell_of_first_deploys
from bunker.workflows.planning import dry_exit, fingerprints, prepare
from bunker.workflows.request import (
    DeployRequest,
    Target,
    apply_command,
    commits_of,
    new_run_id,
    select_targets,
    worker_request,
)


@dataclass(frozen=True)
class Intent:
    """A change that an operator asked for, and how it is to go through the hosts.

    ``request`` says which hosts, and has the work that ``kind`` does with these ``arguments``.
    """

    request: DeployRequest
    kind: Kind
    arguments: Any
    pace: Pace = AT_ONCE
    wait_seconds: float = 0
    approval_file: Path | None = None
    retry_of: str | None = None
    detach: bool = False


@dataclass(frozen=True)
class Planning:
    """The chosen hosts, and what a worker found on them."""

    fleet: Fleet
    targets: list[Target]
    found: FleetPlan


def plan_hosts(
    request: DeployRequest, reporter: Reporter, intent: Intent | None = None
) -> Planning:
    """Check everything that can be checked here, then let a worker plan on the chosen hosts.

    With an intent that is more than looking, the windows of the hosts' groups are among it.
    """
    fleet, targets = select_targets(request)
    for text in fleet.warnings:
        reporter.event(Warned(message=text))
    if intent and not request.dry:
        check_windows(intent.kind, fleet, [target.host.name for target in targets])
    message = worker_request(request, fleet, targets, "planning")
    with WorkerClient(message, cwd=request.root) as worker:
        found = prepare(request.fleet_name, worker, targets, reporter.event)
    tell_of_first_deploys(found, [target.host for target in targets])
    # Whoever chose a group meant those as well that had to be left out of it.
    left_out = fleet.dropped if request.names_hosts else {n: fleet.fault(n) for n in fleet.broken}
    found.failed |= {name: str(error) for name, error in left_out.items()}
    return Planning(fleet, targets, found)


def begin(intent: Intent, reporter: Reporter) -> ExitCode:
    """Plan, show, ask, and carry the change out as a run. With ``dry`` it stops after showing."""
    request = intent.request
    planning = plan_hosts(request, reporter, intent)
    again = None if request.yes and not request.dry else apply_command(request)
    outlook = show(intent, planning, reporter, again)
    if request.dry:
        return dry_exit(request, planning.found)
    return carry_out(intent, planning, reporter, outlook)


def show(
    intent: Intent, planning: Planning, reporter: Reporter, next_command: str | None = None
) -> Outlook:
    """Show the plan and how it would go."""
    found, targets = planning.found, planning.targets
    batches = make_run(intent, found, targets).batches
    outlook = outlook_of(intent, planning.fleet, targets, found, batches)
    reporter.show_plan(found, next_command, outlook)
    return outlook


def carry_out(
    intent: Intent,
    planning: Planning,
    reporter: Reporter,
    outlook: Outlook,
    question: str = "",
    *,
    saved: bool = False,
) -> ExitCode:
    """Ask, where --yes was not given, and execute the run."""
    request, found = intent.request, planning.found
    # With --yes whatever brings the host there is wanted, not just this plan.
    exact = saved or not request.yes
    run = make_run(intent, found, planning.targets, exact=exact)
    if not run.plans:
        # Hosts that run the wanted version already: their files say so, too.
        pin_outcomes(request.root, run, found.outcomes, reporter.event)
        reporter.recap(dict(sorted(found.outcomes.items())))
        return dry_exit(request, found)
    shown = [line.text for line in plan_lines(found, outlook=outlook)]
    approval, inputs = check_approval(intent, planning.fleet, planning.targets, shown)
    run = replace(run, approval=approval, inputs=inputs)
    losing = tuple(name for name in outlook.losing if name in run.plans)
    run = replace(run, may_lose=losing)
    if losing and set(request.confirmed) != set(losing):
        reporter.confirm_names(losing, request.confirmed)
    elif not request.yes:
        hosts = count(len(run.plans), "host")
        if not reporter.confirm(question or f"Apply these changes to {hosts}?"):
            raise Declined("nothing was changed")
    # Named: both load the run database, which a plan without changes never needs.
    how = "bunker.runs.detached:start_detached" if intent.detach else "bunker.runs.control:execute"
    code: ExitCode = named(how)(request.root, run, reporter)
    return code


def make_run(
    intent: Intent, found: FleetPlan, targets: Sequence[Target], *, exact: bool = False
) -> RunRequest:
    """The run that applies a plan."""
    request, pace = intent.request, intent.pace
    known = found.outcomes
    to_change = [plan.host for plan in found.to_change]
    if pace.batch:
        # A host that is away now may be back when its batch comes; till then it counts as bad.
        to_change += list(found.unreachable)
        known = {host: o for host, o in known.items() if host not in found.unreachable}
    ordered = [target.host.name for target in targets if target.host.name in to_change]
    return RunRequest(
        run=new_run_id(),
        kind=intent.kind.name,
        fleet=request.fleet_name,
        by=operator(),
        command=apply_command(request),
        batches=_batches(pace, ordered),
        arguments=asdict(intent.arguments),
        pace=pace,
        commits=commits_of(targets),
        plans={plan.host: fingerprints(plan) for plan in found.to_change},
        exact=exact,
        known=known,
        wait_seconds=intent.wait_seconds,
        retry_of=intent.retry_of,
        plan_hash=plan_hash(found.to_change),
        debug=request.debug,
        version=version(),
    )


def _batches(pace: Pace, hosts: Sequence[str]) -> tuple[RunBatch, ...]:
    if not hosts:
        return ()
    if not pace.batch:
        return (RunBatch("canary" if pace.only_canary else "all", tuple(hosts)),)
    return tuple(make_batches(hosts, pace.canary, pace.batch))
