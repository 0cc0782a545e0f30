"""Who is notified of a run: the audit log, the hosts that keep its head, chat and mail.

None of it may stop a run that is under way: a problem is shown and the run goes on.
"""

import time
from collections.abc import Mapping
from typing import Any, Literal

from bunker.audit import append, commit_inventory
from bunker.errors import BunkerError
from bunker.events import Warned
from bunker.journal.records import Summary
from bunker.lease.leases import HostLeases
from bunker.notify import RunNews, open_dispatcher
from bunker.outcomes import Outcomes
from bunker.runs.context import RunContext

Told = Literal["started", "paused", "failed", "rolled back", "done"]
STATES: Mapping[str, Told] = {
    "running": "started",
    "paused": "paused",
    "done": "done",
    "rolled back": "rolled back",
}
FIRST_SECONDS, SECONDS = 5.0, 30.0
"""How long a message may take: hosts wait for the first one, no one for the others."""


def record_begin(context: RunContext) -> None:
    """The inventory as it is now goes into git, the run into the audit log."""
    request = context.request
    title = f"Inventory of a {request.kind}"
    commit = commit_inventory(context.root, request.fleet, request.run, title)
    if commit.problem:
        _warn(context, commit.problem)
    _append(
        context,
        "run.started",
        hosts=request.hosts,
        what={
            "command": request.command,
            "ref": request.ref,
            "inventory": commit.commit,
            "approval": request.approval,
        },
    )


def record_hosts(context: RunContext, outcomes: Outcomes, leases: HostLeases) -> None:
    """One entry for each host; then the log's head goes to every host that was touched."""
    head = None
    for name, found in sorted(outcomes.items()):
        generation = found.generation or {}
        head = _append(
            context,
            "run.host",
            hosts=[name],
            what={"generation": generation.get("number"), "commit": generation.get("commit")},
            outcome=found.outcome,
        )
    if head is not None:
        for name in sorted(leases.held):
            leases.write_head(name, head.to_text())


def record_end(context: RunContext, summary: Summary) -> None:
    """How the run ended, once for all its hosts."""
    what = {"reason": summary.reason} if summary.reason else None
    hosts = context.request.hosts
    _append(context, "run.ended", hosts=hosts, what=what, outcome=summary.state)


def _append(context: RunContext, event: str, **details: Any) -> Any:
    request = context.request
    try:
        return append(
            context.root, request.fleet, event, run=request.run, plan=request.plan_hash, **details
        )
    except BunkerError as error:
        _warn(context, str(error))
        return None


def notify(context: RunContext, summary: Summary) -> None:
    """Chat and mail; a target that cannot be reached is a warning of the run."""
    event = STATES.get(summary.state, "failed")
    request = context.request
    news = RunNews(
        run=request.run,
        kind=request.kind,
        fleet=request.fleet,
        by=request.by,
        started=context.started,
        seconds=round(time.time() - context.started),
        command=request.command,
        hosts=summary.hosts,
        reason=summary.reason,
        next_command=f"invoke run.show {request.run}",
    )
    try:
        within = FIRST_SECONDS if event == "started" else SECONDS
        deliveries = open_dispatcher(context.root, request.fleet).notify(event, news, within=within)
    except BunkerError as error:
        _warn(context, f"no notification was sent: {error}")
        return
    for delivery in deliveries:
        if not delivery.ok:
            _warn(context, f"{delivery.target} was not notified: {delivery.reason}")


def _warn(context: RunContext, text: str) -> None:
    context.event(Warned(message=text))
