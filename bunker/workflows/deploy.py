"""`invoke plan --out` and `apply`: a plan that is saved, and applied exactly or refused."""

import dataclasses
import shlex
from pathlib import Path

from bunker.applications.of_host import applications_of
from bunker.errors import BunkerError, ExitCode, PlanStale
from bunker.plan.changes import FleetPlan
from bunker.plan.store import SavedPlan, check_file, load_plan, write_plan
from bunker.runs.kinds.deploy import DEPLOY, Arguments
from bunker.runs.start import Intent, carry_out, plan_hosts, show
from bunker.terminal.reporter import Reporter
from bunker.workflows.planning import differing, dry_exit
from bunker.workflows.request import DeployRequest, Target, commits_of


def save_plan(request: DeployRequest, file: Path, reporter: Reporter) -> ExitCode:
    """Plan, show, and write the plan to a file that `invoke apply` takes."""
    check_file(file)
    planning = plan_hosts(request, reporter)
    found = planning.found
    show(
        Intent(request, DEPLOY, DEPLOY.make({})),
        planning,
        reporter,
        f"invoke apply {shlex.quote(str(file))}",
    )
    if bad := found.failed | found.unreachable:
        names = ", ".join(sorted(bad))
        raise BunkerError(
            f"no plan was saved, because {names} could not be planned",
            remedy="Fix that, or leave the host out of the selection",
        )
    commits = commits_of(planning.targets)
    plans, work = tuple(found.plans.values()), request.work
    asked = (work.ref, work.application, work.settings, work.downgrade)
    saved = SavedPlan(request.fleet_name, work.parts, plans, commits, *asked)
    write_plan(file, saved)
    return dry_exit(request, found)


def apply_plan(file: Path, request: DeployRequest, reporter: Reporter) -> ExitCode:
    """Apply a saved plan exactly, or refuse it as stale where a host or the inputs moved."""
    saved = load_plan(file)
    arguments = Arguments(
        role=saved.tags_wanted,
        ref=saved.ref or "",
        app=saved.application,
        set=saved.settings,
        allow_downgrade=saved.downgrade,
    )
    request = dataclasses.replace(
        request,
        fleet_name=saved.fleet,
        hosts=tuple(plan.host for plan in saved.plans),
        work=DEPLOY.work(arguments),
        words=tuple(DEPLOY.words(arguments)),
    )
    intent = Intent(request, DEPLOY, arguments)
    planning = plan_hosts(request, reporter, intent)
    _refuse_stale(saved, planning.found, planning.targets, file)
    outlook = show(intent, planning, reporter)
    return carry_out(intent, planning, reporter, outlook, f"Apply the plan {file}?", saved=True)


def _refuse_stale(saved: SavedPlan, found: FleetPlan, targets: list[Target], file: Path) -> None:
    moves = _moves(saved, targets)
    moved: list[str] = []
    for plan in saved.plans:
        now = found.plans.get(plan.host)
        if now is None:
            reason = found.failed.get(plan.host) or found.unreachable.get(plan.host)
            moved.append(f"{plan.host} could not be planned again ({reason})")
        elif plan.host in moves:
            moved += moves[plan.host]
        elif now.wanted != plan.wanted:
            moved.append(
                f"the inputs of {plan.host} changed (its files, secrets or code)"
                f"{differing(plan, now)}"
            )
        elif plan.changes and not now.changes:
            moved.append(f"{plan.host} is as the plan wants it already, nothing is left to do")
        elif now.observed != plan.observed or now.changes != plan.changes:
            moved.append(f"{plan.host} itself changed{differing(plan, now)}")
    if moved:
        raise PlanStale(
            f"the plan no longer fits: {'; '.join(moved)}; nothing was changed",
            where=str(file),
            remedy="Make a new one with invoke plan",
        )


def _moves(saved: SavedPlan, targets: list[Target]) -> dict[str, list[str]]:
    """By host: the applications whose refs name another commit than when the plan was made."""
    found: dict[str, list[str]] = {}
    for target in targets:
        for one in applications_of(target.host):
            planned, commit = saved.commits.get(one.key, ""), target.commits.get(one.name) or ""
            if commit != planned:
                found.setdefault(target.host.name, []).append(
                    f"the code for {one.key} moved: {one.settings.ref} names commit {commit[:12]},"
                    f" the plan has {planned[:12]}"
                )
    return found
