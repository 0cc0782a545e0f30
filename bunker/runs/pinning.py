"""What hosts run stands in their files: the wanted version has one truth.

Written as part of the step that changed them, so that a run that stops half-way leaves each file
saying what its host runs. A step that is repeated writes the same again.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bunker.applications.asked import parse_settings
from bunker.applications.of_host import application_of
from bunker.audit import commit_inventory
from bunker.errors import BunkerError
from bunker.events import Event, Warned
from bunker.fleet import Fleet, load_fleet
from bunker.fleet.host_file import write_host_file
from bunker.journal.records import RunRequest
from bunker.outcomes import HostOutcome, Outcomes
from bunker.runs.kinds import kind_of
from bunker.terminal.lines import some
from bunker.values import GitRef, checked


def warn_of_files(outcomes: Outcomes, event: Callable[[Event], None]) -> None:
    """Say which files of the fleet still are what was rolled back: they are their own version."""
    hosts: dict[str, list[str]] = {}
    for name, found in sorted(outcomes.items()):
        if found.succeeded or found.outcome == "rolled back":
            for files in found.files or ():
                hosts.setdefault(files, []).append(name)
    for files, names in hosts.items():
        text = (
            f"{files} still holds what was rolled back on {some(names)}: the next deploy brings it"
            " again. Correct it there, or put back the files of before"
        )
        event(Warned(message=text))


@dataclass(frozen=True)
class Wanted:
    """What a host's file has to say of an application: its ref, unless empty, and its ``set``.

    ``whole``: nothing else is set.
    """

    ref: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False


def pin_outcomes(
    root: Path, request: RunRequest, outcomes: Outcomes, tell: Callable[[Event], None]
) -> None:
    """Write what these hosts run now into their files, where they say something else, and commit.

    A problem is a warning of the run; nothing of it undoes a change of a host.
    """
    kind, arguments = kind_of(request)
    if not kind.pins or arguments.no_pin:
        return
    asked = Wanted(request.ref or "", parse_settings(request.settings))
    wanted = {name: one for name in sorted(outcomes) if (one := _wanted(outcomes[name], asked))}
    for problem in _pin(root, request, wanted, kind.work(arguments).application):
        tell(Warned(message=problem))


def _pin(
    root: Path, request: RunRequest, wanted: Mapping[str, Wanted], application: str
) -> Iterator[str]:
    """Write and commit; what goes wrong, in sentences."""
    if not wanted:
        return
    try:
        fleet = load_fleet(root, request.fleet, require_secrets=False, partial=True)
    except BunkerError as error:
        yield f"the hosts' files were not brought up to date: {error}"
        return
    written: dict[tuple[tuple[str, Any], ...], list[str]] = {}
    for name, one in wanted.items():
        try:
            if changed := _write(fleet, name, application, one):
                written.setdefault(tuple(changed.items()), []).append(name)
        except BunkerError as error:
            what = one.ref or ", ".join(one.settings) or "what it runs"
            yield f"the file of {name} does not say {what} yet: {error}"
    for changes, names in written.items():
        texts = [
            f"{key} of {some(names)}{' is gone' if value is None else f': {_shown(value)}'}"
            for key, value in changes
        ]
        if problem := commit_inventory(root, request.fleet, request.run, ", ".join(texts)).problem:
            yield problem


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _wanted(found: HostOutcome, asked: Wanted) -> Wanted | None:
    """What a host runs: what was asked for, or what the generation rolled back to had."""
    if not (found.succeeded or found.outcome == "rolled back"):
        return None
    if found.ref:
        return Wanted(found.ref, found.settings or {}, whole=found.settings is not None)
    return asked if found.succeeded and (asked.ref or asked.settings) else None


def _write(fleet: Fleet, name: str, application: str, wanted: Wanted) -> dict[str, Any]:
    """The keys that were written, None for one that is gone; none where the file says it all."""
    if name not in fleet.hosts and name not in fleet.broken:
        return {}
    host = fleet.host(name)
    one = application_of(host, application)
    content: dict[str, Any] = {}
    if wanted.ref not in ("", one.settings.ref) and not one.settings.files_of_fleet:
        content["ref"] = checked(GitRef, wanted.ref, "the ref of its generation")
    before = one.settings.set_values
    words = (f"{p}={json.dumps(v, ensure_ascii=False)}" for p, v in wanted.settings.items())
    settings: dict[str, Any] = {
        path: value
        for path, value in parse_settings(words).items()
        if repr(before.get(path)) != repr(value)  # 1 and true are equal in Python
    }
    if wanted.whole:
        settings |= dict.fromkeys(before.keys() - wanted.settings.keys())
    changed = {".".join((*one.path, key)): value for key, value in content.items()}
    changed |= {".".join((*one.path, "set", path)): value for path, value in settings.items()}
    if settings:
        content["set"] = settings
    if content:
        for step in reversed(one.path):
            content = {step: content}
        write_host_file(fleet.host_file(name), content)
    return changed
