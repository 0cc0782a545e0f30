"""What a fleet's settings ask of a change before it may begin: an open window, an approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bunker.approvals import ApprovalSubject, check_window, policy_groups, require_approval
from bunker.audit.who import operator
from bunker.fleet import Fleet
from bunker.fleet.settings import load_settings
from bunker.role import named
from bunker.runs.inputs import fingerprints
from bunker.runs.kind import Kind
from bunker.workflows.request import Target, commits_of

if TYPE_CHECKING:
    from bunker.runs.start import Intent


def check_windows(kind: Kind, fleet: Fleet, hosts: Iterable[str]) -> None:
    """Raise where the window of a group of these hosts is closed; no host is asked."""
    settings = load_settings(fleet.folder)
    if settings.policies and kind.windows:
        check_window(settings, policy_groups(fleet, hosts), datetime.now(UTC))


def check_approval(
    intent: Intent, fleet: Fleet, targets: Sequence[Target], shown: Sequence[str] = ()
) -> tuple[dict[str, Any] | None, Mapping[str, str]]:
    """Raise where a second operator did not approve just this; ``shown`` is the plan.

    Returns who approved, for the journal and the audit log, and the inputs that this covers; none
    of either where no group asks for it.
    """
    settings = load_settings(fleet.folder)
    asking = any(policy.approval for policy in settings.policies.values())
    if not (asking and intent.kind.approval):
        return None, {}
    request, hosts = intent.request, tuple(target.host.name for target in targets)
    inputs = fingerprints(request, fleet, targets)
    subject = ApprovalSubject(
        fleet=request.fleet_name,
        kind=intent.kind.name,
        hosts=hosts,
        ref=request.work.ref or "",
        commits=commits_of(targets),
        arguments=_arguments(intent),
        inputs=inputs,
        asked_by=operator(),
    )
    approval = require_approval(
        request.root,
        settings,
        policy_groups(fleet, hosts),
        subject,
        intent.approval_file,
        fleet_key=fleet.ssh_key,
        shown=shown,
        # Named: it loads the run database.
        used_by=lambda approval: named("bunker.journal.reader:run_with_approval")(
            request.root, approval
        ),
    )
    return (approval.to_json(), inputs) if approval else (None, {})


def _arguments(intent: Intent) -> dict[str, str]:
    """Everything that an operator chose and that decides what the run does, as text."""
    pace = intent.pace
    chosen: dict[str, Any] = {
        "batch": pace.batch,
        "canary": ",".join(pace.canary),
        "only canary": pace.only_canary,
        "soak": pace.soak_seconds,
        "analysed": pace.analysed,
        "max fail": pace.max_fail,
    }
    texts = {name: str(value) if value else "" for name, value in chosen.items()}
    return intent.kind.texts(intent.arguments) | texts
