"""The ref that hosts run stands in their files: the wanted version has one truth.

Written as part of the step that changed them, so that a run that stops half-way leaves each file
saying what its host runs. A step that is repeated writes the same again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bunker.applications.of_host import application_of
from bunker.audit import commit_inventory
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
    application = kind.work(arguments).application
    for problem in pin(
        context.root, context.request.fleet, context.request.run, known, application
    ):
        context.event(Warned(message=problem))


def pin(
    root: Path, fleet_name: str, run: str, refs: Mapping[str, str], application: str = ""
) -> list[str]:
    """Write the refs of an application into the files of hosts that say something else, and commit.

    Returns what went wrong, in sentences; nothing of it undoes a change of a host.
    """
    if not refs:
        return []
    problems: list[str] = []
    written: dict[tuple[str, str], list[str]] = {}
    try:
        fleet = load_fleet(root, fleet_name, require_secrets=False)
    except BunkerError as error:
        return [f"the hosts' files were not brought up to date: {error}"]
    for name, ref in sorted(refs.items()):
        try:
            if key := _write(fleet, name, application, ref):
                written.setdefault((key, ref), []).append(name)
        except BunkerError as error:
            problems.append(f"the file of {name} does not say {ref} yet: {error}")
    for (key, ref), names in written.items():
        made = commit_inventory(root, fleet_name, run, f"{key} of {some(names)}: {ref}")
        problems += [made.problem] if made.problem else []
    return problems


def _ref_of(found: HostOutcome, asked: str | None) -> str:
    """What a host runs: the ref that was asked for, or that of the generation rolled back to."""
    if not (found.succeeded or found.outcome == "rolled back"):
        return ""
    return found.ref or (asked or "" if found.succeeded else "")


def _write(fleet: Fleet, name: str, application: str, ref: str) -> str:
    """The key that was written; empty where the file says it already."""
    host = fleet.hosts.get(name)
    one = application_of(host, application) if host else None
    if one is None or one.settings.ref == ref:
        return ""
    content: dict[str, Any] = {"ref": checked(GitRef, ref, "the ref of its generation")}
    for step in reversed(one.path):
        content = {step: content}
    write_host_file(fleet.host_file(name), content)
    return ".".join((*one.path, "ref"))
