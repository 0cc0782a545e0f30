"""What a plan may lose: read from its changes, and from the migrations of the wanted commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from bunker.application.migrations import MigrationSafety
from bunker.applications.of_host import applications_of, secrets_of
from bunker.errors import BunkerError, attempt
from bunker.outlook import MIGRATIONS, Risk
from bunker.plan.changes import FleetPlan, HostPlan
from bunker.source import Source
from bunker.terminal.lines import count, some
from bunker.workflows.request import Target
from bunker.workflows.schema_check import Checked, check_refs

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

NAMED = 8
"""So many migrations of one application are named."""

Span = tuple[Source, str, str]


class Found(NamedTuple):
    """By host: risks, good news, and how many migrations each application has."""

    risks: dict[str, tuple[Risk, ...]]
    notes: dict[str, tuple[str, ...]]
    migrations: dict[str, dict[str, int]]


def find_risks(root: Path, found: FleetPlan, targets: Sequence[Target]) -> Found:
    """Read what is to be applied. Each span of commits is read once; never raises."""
    answers: dict[Span | BunkerError, list[Checked] | BunkerError] = {}
    risks: dict[str, tuple[Risk, ...]] = {}
    notes: dict[str, tuple[str, ...]] = {}
    migrations: dict[str, dict[str, int]] = {}
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
            answer = answers[span]
            bad, well = _told(application, answer)
            ours += bad
            good += well
            if not isinstance(answer, BunkerError):
                migrations.setdefault(name, {})[application] = len(answer)
        risks |= {name: tuple(ours)} if ours else {}
        notes |= {name: tuple(good)} if good else {}
    return Found(risks, notes, migrations)


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
    if not answer:
        return [], [f"{application}: no new migration"]
    told = {one.safety.name: _risks(application, one.safety) for one in answer}
    safe = [name for name, risks in told.items() if not risks]
    if not safe:
        return [*chain(*told.values())], []
    # Those that are not safe are named with what they do.
    amount = count(len(safe), "new migration" if len(safe) == len(told) else "other new migration")
    good = f"{application}: {amount}, safe for the older code: {some(safe, NAMED)}"
    return [*chain(*told.values())], [good]


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
