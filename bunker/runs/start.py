"""From what an operator asked for to a run: plan on every host, show, ask, and begin."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bunker.audit.who import operator
from bunker.errors import BunkerError, ExitCode
from bunker.events import RunBatch
from bunker.fleet import Fleet
from bunker.journal.records import AT_ONCE, Pace, RunRequest
from bunker.plan.store import plan_hash
from bunker.role import named
from bunker.runs.batches import make_batches
from bunker.runs.kind import Kind
from bunker.runs.pinning import pin_outcomes
from bunker.runs.policies import check_approval, check_windows
from bunker.terminal.reporter import Reporter
from bunker.version import version
from bunker.worker.client import WorkerClient
from bunker.workflows.planning import (
    Preparation,
    dry_exit,
    plan_text,
    plans_of,
    prepare,
    show,
)
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
    """A worker for the chosen hosts, and what it was started with."""

    worker: WorkerClient
    fleet: Fleet
    targets: list[Target]


@contextmanager
def planning_worker(request: DeployRequest, intent: Intent | None = None) -> Iterator[Planning]:
    """A worker for the chosen hosts; everything that can be checked here was checked.

    With an intent that is more than looking, the windows of the hosts' groups are among it.
    """
    fleet, targets = select_targets(request)
    if intent and not request.dry:
        check_windows(intent.kind, fleet, [target.host.name for target in targets])
    message = worker_request(request, fleet, targets, "planning")
    with WorkerClient(message, cwd=request.root) as worker:
        yield Planning(worker, fleet, targets)


def begin(intent: Intent, reporter: Reporter) -> ExitCode:
    """Plan, show, ask, and carry the change out as a run. With ``dry`` it stops after showing."""
    request = intent.request
    with planning_worker(request, intent) as planning:
        preparation = prepare(request.fleet_name, planning.worker, planning.targets, reporter)
    again = None if request.yes and not request.dry else apply_command(request)
    show(preparation, reporter, again)
    if request.dry:
        return dry_exit(request, preparation)
    return carry_out(intent, preparation, planning, reporter)


def carry_out(
    intent: Intent,
    preparation: Preparation,
    planning: Planning,
    reporter: Reporter,
    question: str = "",
    *,
    saved: bool = False,
) -> ExitCode:
    """Ask, where --yes was not given, and execute the run."""
    request = intent.request
    # With --yes whatever brings the host there is wanted, not just this plan.
    exact = saved or not request.yes
    run = make_run(intent, preparation, planning.targets, exact=exact)
    if not run.plans:
        # Hosts that run the wanted version already: their files say so, too.
        pin_outcomes(request.root, run, preparation.outcomes, reporter.event)
        reporter.recap(dict(sorted(preparation.outcomes.items())))
        bad = preparation.failed or preparation.unreachable
        return ExitCode.SOME_HOSTS_FAILED if bad else ExitCode.OK
    approval, inputs = check_approval(
        intent, planning.fleet, planning.targets, plan_text(preparation)
    )
    run = replace(run, approval=approval, inputs=inputs)
    if not request.yes:
        count = f"{len(run.plans)} host{'s' * (len(run.plans) > 1)}"
        if not reporter.confirm(question or f"Apply these changes to {count}?"):
            raise BunkerError("nothing was changed: the plan was not confirmed")
    # Named: both load the run database, which a plan without changes never needs.
    how = "bunker.runs.detached:start_detached" if intent.detach else "bunker.runs.control:execute"
    code: ExitCode = named(how)(request.root, run, reporter)
    return code


def make_run(
    intent: Intent,
    preparation: Preparation,
    targets: Sequence[Target],
    *,
    exact: bool = False,
) -> RunRequest:
    """The run that applies a plan."""
    request = intent.request
    known = preparation.outcomes
    to_change = [plan.host for plan in preparation.to_change]
    if intent.pace.batch:
        # A host that is away now may be back when its batch comes; till then it counts as bad.
        to_change += list(preparation.unreachable)
        known = {host: o for host, o in known.items() if host not in preparation.unreachable}
    ordered = [target.host.name for target in targets if target.host.name in to_change]
    return RunRequest(
        run=new_run_id(),
        kind=intent.kind.name,
        fleet=request.fleet_name,
        by=operator(),
        command=apply_command(request),
        batches=_batches(intent.pace, ordered),
        arguments=asdict(intent.arguments),
        pace=intent.pace,
        commits=commits_of(targets),
        plans=plans_of(preparation),
        exact=exact,
        known=known,
        wait_seconds=intent.wait_seconds,
        retry_of=intent.retry_of,
        plan_hash=plan_hash(preparation.to_change),
        debug=request.debug,
        version=version(),
    )


def _batches(pace: Pace, hosts: Sequence[str]) -> tuple[RunBatch, ...]:
    if not hosts:
        return ()
    if not pace.batch:
        return (RunBatch("canary" if pace.only_canary else "all", tuple(hosts)),)
    return tuple(make_batches(hosts, pace.canary, pace.batch))
