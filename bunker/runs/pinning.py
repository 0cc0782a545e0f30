"""The ref that hosts run stands in their files: the wanted version has one truth.

Written as part of the step that changed them, so that a run that stops half-way leaves each file
saying what its host runs. A step that is repeated writes the same again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bunker.errors import BunkerError
from bunker.events import Warned
from bunker.fleet import Fleet, load_fleet
from bunker.fleet.host_file import write_host_file
from bunker.outcomes import HostOutcome, Outcomes
from bunker.runs.context import RunContext
from bunker.runs.kinds import kind_of
from bunker.terminal.lines import some
from bunker.values import GitRef, checked


def pin_outcomes(context: RunContext, outcomes: Outcomes) -> None:
    """Write what these hosts run now into their files; a problem is a warning of the run."""
    kind, arguments = kind_of(context.request)
    if not kind.pins or arguments.no_pin:
        return
    refs = {name: _ref_of(found, context.request.ref) for name, found in outcomes.items()}
    known = {name: ref for name, ref in refs.items() if ref}
    for problem in pin(context.root, context.request.fleet, context.request.run, known):
        context.event(Warned(message=problem))


def pin(root: Path, fleet_name: str, run: str, refs: Mapping[str, str]) -> list[str]:
    """Write ``application.ref`` of hosts whose files say something else, and commit that.

    Returns what went wrong, in sentences; nothing of it undoes a change of a host.
    """
    if not refs:
        return []
    from bunker.audit import commit_inventory  # noqa: PLC0415 - only where something is written

    problems: list[str] = []
    written: dict[str, list[str]] = {}
    try:
        fleet = load_fleet(root, fleet_name, require_secrets=False)
    except BunkerError as error:
        return [f"the hosts' files were not brought up to date: {error}"]
    for name, ref in sorted(refs.items()):
        try:
            if _write(fleet, name, ref):
                written.setdefault(ref, []).append(name)
        except BunkerError as error:
            problems.append(f"the file of {name} does not say {ref} yet: {error}")
    for ref, names in written.items():
        made = commit_inventory(root, fleet_name, run, f"application.ref of {some(names)}: {ref}")
        problems += [made.problem] if made.problem else []
    return problems


def _ref_of(found: HostOutcome, asked: str | None) -> str:
    """What a host runs: the ref that was asked for, or that of the generation rolled back to."""
    if not (found.succeeded or found.outcome == "rolled back"):
        return ""
    return found.ref or (asked or "" if found.succeeded else "")


def _write(fleet: Fleet, name: str, ref: str) -> bool:
    host = fleet.hosts.get(name)
    if host is None or host.application.ref == ref:
        return False
    wanted = checked(GitRef, ref, "the ref of its generation")
    write_host_file(fleet.host_file(name), {"application": {"ref": wanted}})
    return True
