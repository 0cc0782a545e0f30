"""From what an operator asked for to a run: plan on every host, show, ask, and begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bunker.errors import BunkerError, ExitCode
from bunker.fleet import Fleet
from bunker.journal.records import Kind, RunBatch, RunRequest
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
    new_run_id,
    select_targets,
    worker_request,
)

if TYPE_CHECKING:
    from bunker.terminal.reporter import Reporter


@dataclass(frozen=True)
class Intent:
    """A change that an operator asked for, and how it is to go through the hosts.

    ``batch`` is empty where all hosts are changed at once. ``canary`` names the hosts that go
    first; the run soaks on them for ``soak_seconds`` and is judged by their metrics.
    """

    request: DeployRequest
    kind: Kind
    batch: str = ""
    canary: tuple[str, ...] = ()
    only_canary: bool = False
    soak_seconds: int = 0
    judged: bool = False
    max_fail: int = 0
    wait_seconds: float = 0
    one_at_a_time: bool = False
    to_generation: str = ""
    restore: bool = False
    reboot: str = "if-required"
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
        from bunker.runs.policies import check_windows  # noqa: PLC0415 - see the package

        check_windows(intent, fleet, targets)
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
    """Ask, where nobody said yes before, and execute the run."""
    request = intent.request
    # With --yes nobody waits for just this plan: whatever brings the host there is wanted.
    exact = saved or not request.yes
    run = make_run(intent, preparation, planning.targets, exact=exact)
    if not run.plans:
        reporter.recap(dict(sorted(preparation.outcomes.items())), reason="")
        bad = preparation.failed or preparation.unreachable
        return ExitCode.SOME_HOSTS_FAILED if bad else ExitCode.OK
    from bunker.runs.policies import check_approval  # noqa: PLC0415 - see the package

    approval, inputs = check_approval(
        intent, planning.fleet, planning.targets, plan_text(preparation)
    )
    run = replace(run, approval=approval, inputs=inputs)
    if not request.yes:
        count = f"{len(run.plans)} host{'s' * (len(run.plans) > 1)}"
        if not reporter.confirm(question or f"Apply these changes to {count}?"):
            raise BunkerError("nothing was changed: the plan was not confirmed")
    if intent.detach:
        from bunker.runs.detached import start_detached  # noqa: PLC0415

        return start_detached(request.root, run, reporter)
    from bunker.runs.control import execute  # noqa: PLC0415 - loads DBOS

    return execute(request.root, run, reporter)


def make_run(
    intent: Intent,
    preparation: Preparation,
    targets: Sequence[Target],
    *,
    exact: bool = False,
) -> RunRequest:
    """The run that applies a plan."""
    from bunker.audit import plan_hash  # noqa: PLC0415
    from bunker.audit.who import operator  # noqa: PLC0415

    request = intent.request
    known = preparation.outcomes
    to_change = [plan.host for plan in preparation.to_change]
    if intent.batch:
        # A host that is away now may be back when its batch comes; till then it counts as bad.
        to_change += list(preparation.unreachable)
        known = {host: o for host, o in known.items() if host not in preparation.unreachable}
    ordered = [target.host.name for target in targets if target.host.name in to_change]
    return RunRequest(
        run=new_run_id(),
        kind=intent.kind,
        fleet=request.fleet_name,
        by=operator(),
        command=apply_command(request),
        batches=_batches(intent, ordered),
        tags_wanted=request.tags_wanted,
        ref=request.ref,
        commits={t.host.name: t.commit for t in targets if t.commit},
        plans=plans_of(preparation),
        exact=exact,
        known=known,
        soak_seconds=intent.soak_seconds,
        max_fail=intent.max_fail,
        judged=intent.judged,
        one_at_a_time=intent.one_at_a_time,
        to_generation=intent.to_generation,
        restore=intent.restore,
        reboot=intent.reboot,
        wait_seconds=intent.wait_seconds,
        retry_of=intent.retry_of,
        plan_hash=plan_hash(preparation.to_change),
        debug=request.debug,
    )


def _batches(intent: Intent, hosts: Sequence[str]) -> tuple[RunBatch, ...]:
    if not hosts:
        return ()
    if not intent.batch:
        return (RunBatch("canary" if intent.only_canary else "all", tuple(hosts)),)
    from bunker.runs.batches import make_batches  # noqa: PLC0415

    canary = [name for name in intent.canary if name in hosts]
    made = make_batches(hosts, canary, intent.batch)
    return tuple(RunBatch(batch.name, tuple(batch.hosts)) for batch in made)
