"""What a plan may lose: read from its changes, and from the migrations of the wanted commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bunker.application.migrations import MigrationSafety
from bunker.applications.of_host import applications_of, secrets_of
from bunker.errors import BunkerError, attempt
from bunker.outlook import Risk
from bunker.plan.changes import FleetPlan, HostPlan
from bunker.source import Source
from bunker.terminal.lines import count, some
from bunker.workflows.request import Target
from bunker.workflows.schema_check import Checked, check_refs

MIGRATIONS = "migrations"
"""The subject of the change that brings them."""
LOSING = (
    "drops column ",
    "drops table ",
    "drops schema ",
    "drops materialized view ",
    "drops extension ",
    "deletes ",
    "empties ",
    "rewrites rows ",
    "changes the type of ",
)
"""How reasons begin of which data can be gone: see bunker/application/schema_rules.py."""

Span = tuple[Source, str, str]


def find_risks(
    root: Path, found: FleetPlan, targets: Sequence[Target]
) -> tuple[dict[str, tuple[Risk, ...]], dict[str, tuple[str, ...]]]:
    """Risks and good news by host. Each span of commits is read once; never raises."""
    answers: dict[Span | BunkerError, list[Checked] | BunkerError] = {}
    risks: dict[str, tuple[Risk, ...]] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for target in targets:
        name = target.host.name
        plan = found.plans.get(name)
        if plan is None:
            continue
        ours = [Risk(f"{one.role}: {one.loses}", loses=True) for one in plan.changes if one.loses]
        good: list[str] = []
        for application, span in _spans(root, plan, target).items():
            if span not in answers:
                answers[span] = span if isinstance(span, BunkerError) else _read(span)
            bad, well = _told(application, answers[span])
            ours += bad
            good += well
        risks |= {name: tuple(ours)} if ours else {}
        notes |= {name: tuple(good)} if good else {}
    return risks, notes


def _spans(root: Path, plan: HostPlan, target: Target) -> Mapping[str, Span | BunkerError]:
    """By application: from which commit to which its migrations come; none for a first deploy."""
    migrating = {one.role for one in plan.changes if one.subject == MIGRATIONS}
    known = plan.facts.get("applications", {})
    spans: dict[str, Span | BunkerError] = {}
    for one in applications_of(target.host):
        facts = known.get(one.name, {})
        old, new = facts.get("migrated"), facts.get("commit")
        if one.name not in migrating or not (old and new) or old == new:
            continue
        source = attempt(Source.of, one.host, secrets_of(one.host, target.secrets), root)
        spans[one.name] = source if isinstance(source, BunkerError) else (source, old, new)
    return spans


def _read(span: Span) -> list[Checked] | BunkerError:
    source, old, new = span
    return attempt(check_refs, f"{old}..{new}", source)


def _told(application: str, answer: list[Checked] | BunkerError) -> tuple[list[Risk], list[str]]:
    if isinstance(answer, BunkerError):
        text = f"{application}: its migrations could not be read: {answer.problem}"
        return [Risk(text, loses=True)], []
    risks = [risk for one in answer for risk in _risks(application, one.safety)]
    if risks:
        return risks, []
    names = [one.safety.name for one in answer]
    if not names:
        return [], [f"{application}: no new migration"]
    amount = count(len(names), "new migration")
    return [], [f"{application}: {amount}, safe for the older code: {some(names, 3)}"]


def _risks(application: str, safety: MigrationSafety) -> list[Risk]:
    """What loses data, each for itself; what else stops older code, together."""
    title = f"{application}: migration {safety.name}"
    lost = [one for one in safety.reasons if one.startswith(LOSING)]
    unknown = [one for s in safety.statements if s.verdict == "not understood" for one in s.reasons]
    other = [one for one in safety.reasons if one not in (*lost, *unknown)]
    risks = [Risk(f"{title} {one}", loses=True) for one in lost]
    risks += [Risk(f"{title} may lose data: {one}", loses=True) for one in unknown]
    if other:
        text = f"{title}: no rollback of the code alone after it: {'; '.join(other)}"
        risks.append(Risk(text))
    return risks
