"""What a fleet's settings ask of a change before it may begin: an open window, an approval."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bunker.approvals import ApprovalSubject, check_window, policy_groups, require_approval
from bunker.audit.who import operator
from bunker.fleet import Fleet
from bunker.fleet.settings import load_settings
from bunker.role import named
from bunker.runs.inputs import fingerprints
from bunker.runs.intent import Intent
from bunker.workflows.request import Target, commits_of


def check_windows(intent: Intent, fleet: Fleet, targets: Sequence[Target]) -> None:
    """Raise where the window of a group is closed; before any host is asked."""
    settings = load_settings(fleet.folder)
    if not (settings.policies and intent.kind.windows):
        return
    check_window(settings, _groups(fleet, targets), datetime.now(UTC))


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
    request = intent.request
    inputs = fingerprints(request, fleet, targets)
    subject = ApprovalSubject(
        fleet=request.fleet_name,
        kind=intent.kind.name,
        hosts=tuple(target.host.name for target in targets),
        ref=request.work.ref or "",
        commits=commits_of(targets),
        arguments=_arguments(intent),
        inputs=inputs,
        asked_by=operator(),
    )
    approval = require_approval(
        request.root,
        settings,
        _groups(fleet, targets),
        subject,
        intent.approval_file,
        fleet_key=fleet.ssh_key,
        shown=shown,
        used_by=lambda approval: _used_by(intent, approval),
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


def _groups(fleet: Fleet, targets: Sequence[Target]) -> Any:
    return policy_groups(fleet, [target.host.name for target in targets])


def _used_by(intent: Intent, approval: str) -> str | None:
    # Named: it loads the run database.
    run: str | None = named("bunker.journal.reader:run_with_approval")(
        intent.request.root, approval
    )
    return run
