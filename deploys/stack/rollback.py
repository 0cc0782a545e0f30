"""A Compose project back to an earlier generation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pyinfra.context import ctx_host

from bunker.applications.of_host import options_for, secrets_of
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.ops.context import changing, code_of_fleet, current_run, current_secrets
from bunker.ops.facts import asked, boot_function
from bunker.ops.recorder import recorder
from bunker.ops.rollback import RollbackFacts
from bunker.ops.step import Command, shell, step
from bunker.plan.changes import Change
from bunker.shell import with_variables
from deploys.stack.armed import PROJECT, armed_files, rollback_variables
from deploys.stack.moving import move_state
from deploys.stack.rollback_choice import (
    Assessment,
    Choice,
    RollbackState,
    assess,
    check_choice,
    choose,
    loss,
    summary,
)
from deploys.stack.stack import Stack

_NOTHING_DEPLOYED = """[ -d "$DIRECTORY/.git" ] || { echo '@@bunker end'; exit 0; }\n"""


def roll_back_stack(stack: Stack, host: Host) -> None:
    """Roll one project back, or refuse with the choice that is left.

    ``bunker_to`` is a generation's number; empty: where an armed change came from, else what the
    last generation of the run ``bunker_of_run`` replaced, else nothing is done. With
    ``bunker_restore`` = "yes" the database comes from the snapshot of that time. Its facts:
    ``generation`` and ``generation_to`` (number to go to), ``ref_to`` and ``settings_to`` (what it
    ran), ``commit``, ``code_alone``, ``reasons``, ``lost_since`` (seconds since 1970 or None),
    ``failed_migrations`` and ``files`` (folder of the fleet that still holds what is rolled back).
    """
    data, name = ctx_host.get().data, host.application.name
    bundle = stack.bundle(host, secrets_of(host, current_secrets()))
    variables = rollback_variables(host, bundle)
    state, token = asked(RollbackFacts, script=rollback_question(stack, variables))
    restore = str(data.get("bunker_restore") or "") == "yes"
    of_run = str(data.get("bunker_of_run") or "")
    chosen = choose(state, to=_number(data.get("bunker_to")), of_run=of_run)
    recording = recorder().current()
    recording.facts["boot"] = dict(state.boot)
    facts = recording.application(name)
    recording.observed.append([name, "rollback", token, state.head, state.built, state.applied])
    if chosen is None:
        if state.newest and state.newest.rollback_to is not None:
            already = state.newest.rollback_of == (of_run or "-")
            facts |= {
                "generation_to": state.newest.rollback_to,
                "ref_to": state.newest.ref,
                "settings_to": dict(state.newest.settings),
                # The host did it by itself, on behalf of this run.
                "already_rolled_back": already,
                "files": _other_files(host, state.newest.commit) if already else "",
            }
        if state.probed:
            # The rollback before was cut off right after it.
            recorder().change(Change(name, "availability probe", "-", "stopped"))
            _stop_probe(stack, name)
        return
    found = assess(state, chosen)
    target = chosen.target
    recording.wanted.append([name, "rollback", target.number, target.commit, restore])
    facts |= {
        "commit": target.commit,
        "generation": target.number,
        "generation_to": target.number,
        "ref_to": target.ref,
        "settings_to": dict(target.settings),
        "code_alone": found.code_alone,
        "reasons": list(found.reasons),
        "lost_since": found.lost_since,
        "failed_migrations": list(state.failed),
        "files": _other_files(host, target.commit),
    }
    check_choice(host.name, options_for(host), state, chosen, found, restore=restore)
    variables |= {
        "FROM": target.number,
        "RUN": current_run(),
        "UNDOES": chosen.undoes,
        "RESTORE": (found.snapshot or "") if restore else "",
        "RECORDED": "yes" if chosen.recorded else "",
        "PLANNED": token,
    }
    # Whatever else is done is done at the new places.
    move_state(stack, host.name, state.layout, variables)
    _record(stack, name, state, chosen, found, restore=restore)
    _declare(stack, name, variables, found)


def rollback_question(stack: Stack, variables: Mapping[str, str | int]) -> str:
    """The script of RollbackFacts."""
    text = stack.scripts("armed", *PROJECT, "keep", "migrations", "rollback_facts")
    return with_variables(boot_function() + _NOTHING_DEPLOYED + text, **variables)


def _other_files(host: Host, commit: str) -> str:
    """The folder of the fleet that has other files than a commit, if any: a deploy brings them."""
    try:
        made = code_of_fleet(host)
    except BunkerError:
        return ""  # a deploy refuses them, and says why
    return f"files/{host.application.files_of_fleet}" if made and made.commit != commit else ""


def _number(value: object) -> int | None:
    text = str(value or "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BunkerError(f"{text[:40]!r} is no generation", expected="a number, such as 7")
    return int(text)


def _record(
    stack: Stack,
    name: str,
    state: RollbackState,
    chosen: Choice,
    found: Assessment,
    *,
    restore: bool,
) -> None:
    newest = state.newest
    before = state.armed.run if state.armed else newest.number if newest else ""
    target = chosen.target
    words = f"unfinished run {before}" if state.armed else f"generation {before}"
    if chosen.recorded:
        code = f"{words} → {target.number}: commit {state.head[:12]} → {target.commit[:12]}"
    else:
        code = f"files and images of generation {target.number} put back"
    lines = tuple(
        f"migration {one} failed half-way; what it did before that stays in the database"
        for one in state.failed
    )
    recorder().change(Change(name, "rollback", "~", code, restarts=tuple(stack.rebuilt or ())))
    if stack.migrates:
        text = summary(found, restore=restore)
        lost = loss(found) if restore else ""
        recorder().change(Change(name, "database", "~", text, lines=lines, loses=lost))


def _declare(stack: Stack, name: str, variables: dict[str, str | int], found: Assessment) -> None:
    def commands() -> Iterator[Command]:
        text = changing(
            stack.scripts("armed") + "as_planned\n" + stack.scripts("arm", "rollback"), **variables
        )
        yield shell(text, stdin=armed_files(stack, variables, found.unsafe))

    step(f"{name}: roll back to generation {variables['FROM']}", commands)
    # Of the change that failed, where it had one; what it saw reaches the run this way.
    _stop_probe(stack, name)


def _stop_probe(stack: Stack, name: str) -> None:
    stop = changing(stack.scripts("armed", "probe_stop"), APP_NAME=name)
    step(f"{name}: stop the availability probe", [shell(stop)])
