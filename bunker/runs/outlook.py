"""How a planned change would go, told before the question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bunker.approvals import policy_groups
from bunker.errors import BunkerError, attempt
from bunker.events import RunBatch
from bunker.fleet import Fleet
from bunker.fleet.settings import load_settings
from bunker.outlook import Outlook
from bunker.plan.changes import FleetPlan
from bunker.runs.policies import check_windows
from bunker.workflows.request import Target
from bunker.workflows.risks import find_risks

if TYPE_CHECKING:
    from bunker.runs.start import Intent


def outlook_of(
    intent: Intent,
    fleet: Fleet,
    targets: Sequence[Target],
    found: FleetPlan,
    batches: tuple[RunBatch, ...],
) -> Outlook:
    """Batches, pace, policies and what may be lost. Reads the migrations that are to be applied."""
    hosts = [plan.host for plan in found.to_change]
    if not hosts:
        return Outlook()
    closed = attempt(check_windows, intent.kind, fleet, hosts)
    policies = load_settings(fleet.folder).policies
    groups = policy_groups(fleet, hosts) if intent.kind.approval else ()
    told = find_risks(fleet.root, found, targets)
    return Outlook(
        batches=batches,
        pace=intent.pace,
        closed=tuple(str(one) for one in closed.each) if isinstance(closed, BunkerError) else (),
        approval=tuple(name for name in groups if name in policies and policies[name].approval),
        risks=told.risks,
        notes=told.notes,
        migrations=told.migrations,
    )
