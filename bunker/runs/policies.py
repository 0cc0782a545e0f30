"""What a fleet's settings ask of a change before it may begin: an open window, an approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bunker.fleet.models import Host
from bunker.fleet.settings import FleetSettings

if TYPE_CHECKING:
    from bunker.runs.start import Intent

FREE = ("rollback",)
"""Going back is never made to wait for a window or for a second person."""


def check_policies(
    settings: FleetSettings,
    intent: Intent,
    hosts: Sequence[Host],
    commits: Mapping[str, str],
    fleet_key: Path | None,
) -> None:
    """Raise where the window of a group is closed, or a second operator did not approve."""
    if intent.kind in FREE:
        return
    from bunker.approvals import ApprovalSubject, check_window, require_approval  # noqa: PLC0415
    from bunker.audit.who import operator  # noqa: PLC0415

    groups = groups_of(settings, hosts)
    check_window(settings, groups, datetime.now(UTC))
    subject = ApprovalSubject(
        fleet=intent.request.fleet_name,
        kind=intent.kind,
        hosts=tuple(sorted(host.name for host in hosts)),
        ref=intent.request.ref or "",
        commits=dict(commits),
        asked_by=operator(),
    )
    require_approval(
        intent.request.root, settings, groups, subject, intent.approval_file, fleet_key=fleet_key
    )


def groups_of(settings: FleetSettings, hosts: Sequence[Host]) -> tuple[str, ...]:
    """The groups of these hosts for which the settings have a policy."""
    wanted = {group for host in hosts for group in (*host.groups, "all")}
    return tuple(sorted(wanted & set(settings.policies)))
