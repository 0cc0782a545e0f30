"""`invoke deploy`: plan on every selected host, show it, ask, apply, and say how each ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from bunker.errors import BunkerError, ExitCode, Interrupted, PlanStale
from bunker.plan.changes import HostPlan
from bunker.plan.store import SavedPlan, load_plan, write_plan
from bunker.worker.client import WorkerClient
from bunker.workflows.connection_text import connection_text
from bunker.workflows.request import (
    DeployRequest,
    Target,
    new_run_id,
    select_targets,
    worker_request,
)

if TYPE_CHECKING:
    from bunker.terminal.reporter import Reporter


SUBJECTS_NAMED = 2
"""So many subjects say what made a plan stale; a new plan shows them all."""


@dataclass
class Preparation:
    """What planning found: a plan per host that answered, a message for each that did not."""

    plans: dict[str, HostPlan] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    commands: dict[str, int] = field(default_factory=dict)

    @property
    def to_change(self) -> list[HostPlan]:
        """Plans with at least one change."""
        return [plan for plan in self.plans.values() if plan.changes]

    @property
    def unchanged(self) -> list[str]:
        """Hosts that are as they should be."""
        return [name for name, plan in self.plans.items() if not plan.changes]


def run_deploy(request: DeployRequest, reporter: Reporter) -> ExitCode:
    """Plan, show, ask, apply. With ``dry`` it stops after showing."""
    with _worker(request) as (worker, targets):
        preparation = _prepare(request, worker, targets, reporter)
        apply_command = None if request.yes and not request.dry else _again(request, dry=False)
        _show(preparation, reporter, apply_command)
        if request.dry:
            return _dry_exit(request, preparation)
        to_change = [plan.host for plan in preparation.to_change]
        if to_change and not request.yes:
            count = f"{len(to_change)} host{'s' * (len(to_change) > 1)}"
            if not reporter.confirm(f"Apply these changes to {count}?"):
                raise BunkerError("nothing was changed: the plan was not confirmed")
        return _apply(request, worker, preparation, to_change, reporter)


def save_plan(request: DeployRequest, file: Path, reporter: Reporter) -> ExitCode:
    """Plan, show, and write the plan to a file that `invoke apply` takes."""
    with _worker(request) as (worker, targets):
        preparation = _prepare(request, worker, targets, reporter)
    _show(preparation, reporter, f"invoke apply {file}")
    if preparation.failed or preparation.unreachable:
        names = ", ".join(sorted({*preparation.failed, *preparation.unreachable}))
        raise BunkerError(
            f"no plan was saved, because {names} could not be planned",
            remedy="Mend that, or leave the host out of the selection",
        )
    commits = {target.host.name: target.commit or "" for target in targets}
    plans = tuple(preparation.plans.values())
    saved = SavedPlan(request.fleet_name, request.tags_wanted, plans, commits, request.ref)
    write_plan(file, saved)
    return _dry_exit(request, preparation)


def apply_plan(file: Path, request: DeployRequest, reporter: Reporter) -> ExitCode:
    """Apply a saved plan exactly, or refuse it as stale where a host or the inputs moved."""
    saved = load_plan(file)
    request = DeployRequest(
        root=request.root,
        fleet_name=saved.fleet,
        hosts=tuple(plan.host for plan in saved.plans),
        tags_wanted=saved.tags_wanted,
        yes=request.yes,
        verbose=request.verbose,
        debug=request.debug,
        command=request.command,
        ref=saved.ref,
    )
    with _worker(request) as (worker, targets):
        preparation = _prepare(request, worker, targets, reporter)
        _refuse_stale(saved, preparation, targets, file)
        _show(preparation, reporter, None)
        to_change = [plan.host for plan in preparation.to_change]
        if to_change and not request.yes and not reporter.confirm(f"Apply the plan {file}?"):
            raise BunkerError("nothing was changed: the plan was not confirmed")
        return _apply(request, worker, preparation, to_change, reporter)


@contextmanager
def _worker(request: DeployRequest) -> Iterator[tuple[WorkerClient, list[Target]]]:
    fleet, targets = select_targets(request)
    message = worker_request(request, fleet, targets, new_run_id())
    with WorkerClient(message, cwd=request.root) as worker:
        yield worker, targets


def _prepare(
    request: DeployRequest, worker: WorkerClient, targets: Sequence[Target], reporter: Reporter
) -> Preparation:
    preparation = Preparation()
    hosts = {target.host.name: target.host for target in targets}
    for event in worker.events(until="ready"):
        if event["event"] == "unreachable":
            host = hosts[event["host"]]
            event["message"] = connection_text(host, event["message"], request.fleet_name)
        reporter.event(event)
        name = event.get("host", "")
        match event["event"]:
            case "planned":
                preparation.plans[name] = HostPlan.from_json(event["plan"])
                preparation.commands[name] = event["commands"]
            case "failed":
                preparation.failed[name] = event["message"]
            case "unreachable":
                preparation.unreachable[name] = event["message"]
    preparation.plans = dict(sorted(preparation.plans.items()))
    return preparation


def _show(preparation: Preparation, reporter: Reporter, next_command: str | None) -> None:
    reporter.show_plan(
        preparation.to_change,
        preparation.unchanged,
        preparation.failed,
        preparation.unreachable,
        next_command if preparation.to_change else None,
    )


def _apply(
    request: DeployRequest,
    worker: WorkerClient,
    preparation: Preparation,
    hosts: list[str],
    reporter: Reporter,
) -> ExitCode:
    outcomes: dict[str, dict[str, Any]] = {
        **{
            name: {"outcome": "ok", "message": "", "commands": preparation.commands[name]}
            for name in preparation.unchanged
        },
        **{name: {"outcome": "failed", "message": m} for name, m in preparation.failed.items()},
        **{
            name: {"outcome": "unreachable", "message": m}
            for name, m in preparation.unreachable.items()
        },
        **{name: {"outcome": "not started", "message": ""} for name in hosts},
    }
    with _stop_between_steps(worker) as stopped:
        try:
            if hosts:
                worker.apply(hosts)
                for event in worker.events(until="done"):
                    reporter.event(event)
                    _note(event, outcomes)
        except BunkerError:
            if not stopped:
                raise
    if stopped:
        for outcome in outcomes.values():
            if outcome["outcome"] == "not started" and outcome.get("started"):
                outcome["outcome"] = "interrupted"
    reporter.recap(dict(sorted(outcomes.items())))
    if stopped:
        raise Interrupted(
            "stopped between two steps" if len(stopped) == 1 else "stopped in the middle of a step",
            remedy=f"Go on with: {_again(request, dry=False)}",
        )
    bad = {"failed", "unreachable", "not started", "interrupted"}
    if any(outcome["outcome"] in bad for outcome in outcomes.values()):
        return ExitCode.SOME_HOSTS_FAILED
    return ExitCode.OK


def _note(event: Mapping[str, Any], outcomes: dict[str, dict[str, Any]]) -> None:
    if event["event"] == "step":
        outcome = outcomes[event["host"]]
        outcome["started"] = True
        if event["status"] == "failed":
            outcome |= {"step": event["name"], "output": event["output"]}
    elif event["event"] == "host":
        outcomes[event["host"]] |= {key: event[key] for key in ("outcome", "message", "commands")}


@contextmanager
def _stop_between_steps(worker: WorkerClient) -> Iterator[list[int]]:
    """First signal: every host finishes its step. Second: the worker is killed.

    Handlers instead of KeyboardInterrupt, which could cut an event in half.
    """
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            # Not through the reporter: its display may be holding a lock right now.
            os.write(2, b"\nStopping: every host finishes its step. Ctrl-C again stops at once.\n")
            worker.stop()
        else:
            worker.kill()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.signal(number, handle) for number in signals}
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _refuse_stale(
    saved: SavedPlan, preparation: Preparation, targets: list[Target], file: Path
) -> None:
    commits = {target.host.name: target.commit or "" for target in targets}
    refs = {target.host.name: target.host.application.ref for target in targets}
    moved: list[str] = []
    for plan in saved.plans:
        planned, commit = saved.commits.get(plan.host, ""), commits.get(plan.host, "")
        now = preparation.plans.get(plan.host)
        if now is None:
            reason = preparation.failed.get(plan.host) or preparation.unreachable.get(plan.host)
            moved.append(f"{plan.host} could not be planned again ({reason})")
        elif commit != planned:
            moved.append(
                f"the code for {plan.host} moved: {refs[plan.host]} names commit {commit[:12]},"
                f" the plan has {planned[:12]}"
            )
        elif now.wanted != plan.wanted:
            moved.append(
                f"the inputs of {plan.host} changed (its files, secrets or code)"
                f"{_differing(plan, now)}"
            )
        elif plan.changes and not now.changes:
            moved.append(f"{plan.host} is as the plan wants it already, nothing is left to do")
        elif now.observed != plan.observed or now.changes != plan.changes:
            moved.append(f"{plan.host} itself changed{_differing(plan, now)}")
    if moved:
        raise PlanStale(
            f"the plan no longer fits: {'; '.join(moved)}; nothing was changed",
            where=str(file),
            remedy="Make a new one with invoke plan",
        )


def _differing(planned: HostPlan, now: HostPlan) -> str:
    """The first subjects of two plans that are not the same in both, to be put after a reason."""
    unlike = [change for change in planned.changes if change not in now.changes]
    unlike += [change for change in now.changes if change not in planned.changes]
    subjects = list(dict.fromkeys(f"{change.role} {change.subject}" for change in unlike))
    more = f" and {len(subjects) - SUBJECTS_NAMED} more" if len(subjects) > SUBJECTS_NAMED else ""
    return f": {', '.join(subjects[:SUBJECTS_NAMED])}{more}" if subjects else ""


def _dry_exit(request: DeployRequest, preparation: Preparation) -> ExitCode:
    if preparation.failed or preparation.unreachable:
        return ExitCode.SOME_HOSTS_FAILED
    if preparation.to_change and request.detailed_exitcode:
        return ExitCode.CHANGES_PENDING
    return ExitCode.OK


def _again(request: DeployRequest, *, dry: bool) -> str:
    """The command line that repeats a request."""
    words = [request.command, "--fleet", request.fleet_name]
    for flag, values in (
        ("--host", request.hosts),
        ("--group", request.groups),
        ("--tag", request.tags),
    ):
        words += [word for value in values for word in (flag, value)]
    if request.tags_wanted:
        words += ["--tags", ",".join(request.tags_wanted)]
    if request.ref:
        words += ["--ref", request.ref]
    return " ".join(words + ["--dry"] * dry)
