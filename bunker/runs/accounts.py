"""Who is told of a run: the audit log, the hosts that keep its head, chat and mail.

None of it may stop a run that is under way: a problem is shown and the run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bunker.errors import BunkerError
from bunker.journal.records import RunRequest
from bunker.runs.port import PORT
from bunker.runs.summary import Outcomes

if TYPE_CHECKING:
    from bunker.lease.leases import HostLeases

Told = Literal["started", "paused", "failed", "rolled back", "done"]
STATES: Mapping[str, Told] = {"done": "done", "rolled back": "rolled back"}


def note_begin(root: Path, request: RunRequest) -> None:
    """The inventory as it is now goes into git, the run into the audit log."""
    from bunker.audit import commit_inventory  # noqa: PLC0415

    commit = commit_inventory(root, request.fleet, request.run, f"Inventory of a {request.kind}")
    if commit.problem:
        _warn(commit.problem)
    _append(
        root,
        request,
        "run.started",
        hosts=request.hosts,
        what={
            "command": request.command,
            "ref": request.ref,
            "inventory": commit.commit,
            "approval": request.approval,
        },
    )
    _tell(root, request, "started", {"state": "running", "hosts": {}, "reason": ""})


def note_hosts(root: Path, request: RunRequest, outcomes: Outcomes, leases: HostLeases) -> None:
    """One entry for each host; then the log's head goes to every host that was touched."""
    head = None
    for name, outcome in sorted(outcomes.items()):
        generation = outcome.get("generation") or {}
        head = _append(
            root,
            request,
            "run.host",
            hosts=[name],
            what={"generation": generation.get("number"), "commit": generation.get("commit")},
            outcome=outcome["outcome"],
        )
    if head is not None:
        for name in sorted(leases.held):
            leases.write_head(name, head.to_text())


def note_pause(root: Path, request: RunRequest | None, question: str) -> None:
    """A run that waits for an answer must not be forgotten."""
    if request is not None:
        summary = {"state": "paused", "hosts": {}, "reason": question}
        _tell(root, request, "paused", summary)


def note_end(root: Path, request: RunRequest, summary: Mapping[str, Any]) -> None:
    """How the run ended, once for all its hosts."""
    state = summary["state"]
    what = {"reason": summary["reason"]} if summary["reason"] else None
    _append(root, request, "run.ended", hosts=request.hosts, what=what, outcome=state)
    _tell(root, request, STATES.get(state, "failed"), summary)


def _append(root: Path, request: RunRequest, event: str, **details: Any) -> Any:
    from bunker.audit import append  # noqa: PLC0415

    try:
        return append(
            root, request.fleet, event, run=request.run, plan=request.plan_hash, **details
        )
    except BunkerError as error:
        _warn(str(error))
        return None


def _tell(root: Path, request: RunRequest, event: Told, summary: Mapping[str, Any]) -> None:
    from bunker.notify import open_dispatcher  # noqa: PLC0415

    try:
        if PORT.dispatcher is None:
            PORT.dispatcher = open_dispatcher(root, request.fleet)
            PORT.dispatcher.retry_undelivered_in_background()
        PORT.dispatcher.notify_in_background(
            event,
            {
                "run": request.run,
                "kind": request.kind,
                "fleet": request.fleet,
                "by": request.by,
                "started": PORT.started,
                "seconds": round(time.time() - PORT.started),
                "command": request.command,
                "state": summary["state"],
                "hosts": summary["hosts"],
                "reason": summary["reason"],
                "next_command": f"invoke run.show {request.run}",
            },
        )
    except BunkerError as error:
        _warn(f"nobody was told: {error}")


def finish_telling(seconds: float = 20) -> None:
    """Wait a little for messages that are under way; what is left is sent by the next run."""
    if PORT.dispatcher is None:
        return
    for delivery in PORT.dispatcher.finish(seconds):
        if not delivery.ok:
            _show(f"{delivery.target} was not told: {delivery.reason}")


def _warn(text: str) -> None:
    PORT.event({"event": "warning", "message": text})


def _show(text: str) -> None:
    # The run has ended, so nothing more is kept in it.
    PORT.events.put({"event": "warning", "message": text})
