"""What a fleet's settings ask of a change before it may begin: an open window, an approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bunker.fleet.models import Host
from bunker.fleet.settings import FleetSettings

if TYPE_CHECKING:
    from bunker.fleet import Fleet
    from bunker.runs.start import Intent

FREE = ("rollback",)
"""Going back is never made to wait for a window or for a second person."""


def check_policies(
    settings: FleetSettings,
    intent: Intent,
    fleet: Fleet,
    hosts: Sequence[Host],
    commits: Mapping[str, str],
) -> dict[str, Any] | None:
    """Raise where the window of a group is closed, or a second operator did not approve.

    Returns who approved, for the audit log, where somebody had to.
    """
    if intent.kind in FREE:
        return None
    from bunker.approvals import (  # noqa: PLC0415
        ApprovalSubject,
        check_window,
        policy_groups,
        require_approval,
    )
    from bunker.audit.who import operator  # noqa: PLC0415

    groups = policy_groups(fleet, [host.name for host in hosts])
    check_window(settings, groups, datetime.now(UTC))
    subject = ApprovalSubject(
        fleet=intent.request.fleet_name,
        kind=intent.kind,
        hosts=tuple(sorted(host.name for host in hosts)),
        ref=intent.request.ref or "",
        commits=dict(commits),
        asked_by=operator(),
    )
    approval = require_approval(
        intent.request.root,
        settings,
        groups,
        subject,
        intent.approval_file,
        fleet_key=fleet.ssh_key,
    )
    return approval.to_json() if approval else None
