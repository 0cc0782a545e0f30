"""A Compose project of a host, at an exact commit.

Order: fetch, then lay out, pull and build everything beside the running instance; then prepare
the rollback (see armed.py); only then switch files, go through the phases of its kind,
ask the gates, and record a generation. An interrupted
run leaves no applied hash, so the next one goes through the same order again and ends in the same
place; where none comes, the host rolls back by itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

from pyinfra.context import ctx_host

from bunker.answers import sections
from bunker.application.layout import MAIN
from bunker.applications.of_host import secrets_of
from bunker.bundle import Bundle, Component
from bunker.errors import BunkerError, refuse
from bunker.fleet.models import Host
from bunker.ops.context import (
    changing,
    code_of_fleet,
    current_commit,
    current_run,
    current_secrets,
    current_system,
    wants,
)
from bunker.ops.facts import ComponentsState, asked, reading
from bunker.ops.instance import Instance, InstanceState
from bunker.ops.logins import read_logins
from bunker.ops.place import (
    archive,
    ask,
    diff_lines,
    differing,
    instructions,
    place_components,
    put_files_script,
    read_components,
    read_contents,
)
from bunker.ops.recorder import recorder
from bunker.ops.step import Command, shell, step
from bunker.shell import CLEAN_ENVIRONMENT, with_variables
from deploys.base.firewall import egress
from deploys.base.logins import login_of
from deploys.stack.armed import PROJECT, placed, protect, rollback_variables
from deploys.stack.decision import Decision, Files, decide, ref_of
from deploys.stack.downgrade import downgrade_from
from deploys.stack.folder import check_folder, take_over
from deploys.stack.forecast import Forecast, read_forecast
from deploys.stack.moving import move_state
from deploys.stack.source import source_component
from deploys.stack.space import check_space, needed_lines, needs
from deploys.stack.stack import Stack

UNKNOWN_COMMIT = "0" * 40
"""Wanted in a plan of a bare host that is made while the repository is out of reach."""


def deploy_stack(
    stack: Stack,
    host: Host,
    bundle: Bundle,
    access: Sequence[Component] = (),
) -> None:
    """Declare one project. ``access`` lets the host reach its images."""
    made = code_of_fleet(host)
    code = base64.encodebytes(made.bundle).decode() if made else None
    if code is None:
        login = login_of(host, read_logins(current_system().found))
        source = source_component(host, secrets_of(host, current_secrets()), login.home)
        access = [source, *access]
    unplaced = Component(bundle=bundle, validate=None, activate=None, check=None)
    state = read_components([*access, unplaced])
    instance = asked(
        Instance,
        app=host.application.name,
        directory=host.application.directory,
        project=host.application.project,
        owner=host.user,
        functions=stack.scripts("database_state", "git"),
        placed=placed(bundle),
        wanted=current_commit(host) if wants(stack.part) else "",
    )
    unusable = check_folder(host, instance.folder, ours=instance.generation is not None)
    problems = [*unusable, *stack.check(host, instance)]
    refuse("the instance cannot be deployed as it is", problems)
    if instance.folder.shallow and instance.generation is None:
        folder = host.application.directory
        recorder().note(
            host.application.name, f"{folder} is a shallow clone; what it lacks is fetched"
        )
    commit = _wanted_commit(stack, host, instance)
    from_newer = downgrade_from(stack, host, instance, commit)
    variables: dict[str, str | int] = {
        **rollback_variables(host, bundle),
        "RUN": current_run(),
        "PLANNED": instance.token,
    }
    move_state(stack, host.name, instance.layout, variables)
    place_components(host.application.name, access, state)
    decision = decide(
        commit,
        host.application.ref,
        instance,
        _files(stack, host, bundle, commit, instance, state),
        taken_over=take_over(host, instance.folder),
        new_database=instance.database.new,
        mark=instance.layout.mark,
        from_newer=from_newer,
        role=host.application.name,
        migrates=stack.migrates,
        rebuilt=stack.rebuilt,
    )
    wanted = needs(
        instance.space,
        code=decision.switch,
        build=decision.build,
        database_kb=instance.database.size_kb if _is_upgrade(decision, instance) else None,
    )
    if decision.needed:
        missing = check_space(host, instance.space, wanted, instance.layout)
        refuse("there is not enough room", missing)
    _record(host.application.name, bundle, commit, instance, state, decision)
    _announce_egress(host, instance)
    if decision.needed:
        variables["NEEDED"] = needed_lines(wanted)
        _declare(stack, host, bundle, commit, decision, instance, variables=variables, code=code)


def _wanted_commit(stack: Stack, host: Host, instance: InstanceState) -> str:
    if wants(stack.part):
        return current_commit(host) or instance.head or UNKNOWN_COMMIT
    if not instance.head:
        raise BunkerError(
            "nothing is deployed yet, so there is no environment to change",
            where=host.name,
            remedy=f"Deploy it whole first: invoke deploy --host {host.name}",
        )
    return instance.head


def _files(  # noqa: PLR0917 - all that was read
    stack: Stack,
    host: Host,
    bundle: Bundle,
    commit: str,
    instance: InstanceState,
    state: ComponentsState,
) -> Files:
    paths = differing(bundle, state)
    old = read_contents([path for path in paths if path in state.files])
    forecast = Forecast()
    if paths and instance.head and instance.engine:
        forecast = _forecast(stack, host, bundle, commit)
    if forecast.refused and instance.services and commit == instance.head:
        # What runs it can read, and nothing but these files will be others.
        raise BunkerError(
            f"Compose refuses the new files: {forecast.refused}",
            where=f"{host.name}, {', '.join(stack.files(host))}",
            expected="files that Compose reads",
            remedy="Correct what it names in the host's file (environment, resources)",
        )
    if forecast.unknown:
        why = forecast.refused or "it could not be asked on this host"
        text = f"Compose does not say which services restart: {why}"
        recorder().note(host.application.name, text)
    return Files(
        differing=tuple(paths),
        diff=diff_lines(bundle, paths, state, old),
        applied=instance.applied == bundle.fingerprint,
        forecast=forecast,
    )


def _forecast(stack: Stack, host: Host, bundle: Bundle, commit: str) -> Forecast:
    """What Compose would do with the new files, seen by no one else on the host."""
    place = {"DIRECTORY": host.application.directory, "PROJECT": host.application.project}
    answer = ask(
        with_variables(
            stack.scripts("forecast"), COMMIT=commit, FILES=" ".join(stack.files(host)), **place
        ),
        stdin=archive(bundle.files),
        by=f"{CLEAN_ENVIRONMENT} unshare --mount /bin/sh",
    )
    if answer is None:
        return Forecast(unknown=True, builds=True)
    with reading("what Compose makes of the new files"):
        return read_forecast(sections(answer), stack.services, stack.data)


def _record(  # noqa: PLR0917 - all that was read and decided
    name: str,
    bundle: Bundle,
    commit: str,
    instance: InstanceState,
    state: ComponentsState,
    decision: Decision,
) -> None:
    recording = recorder().current()
    containers = [[item.service, item.state, item.fine] for item in instance.containers]
    files = {path: str(state.files.get(path)) for path in (file.path for file in bundle.files)}
    observed = [
        instance.head,
        instance.built_commit,
        instance.edited,
        containers,
        files,
        instance.applied,
    ]
    recording.observed.append([name, *observed])
    recording.wanted.append([name, commit, bundle.fingerprint])
    recording.facts["boot"] = dict(instance.boot)
    ran = str((instance.generation or {}).get("commit") or "")
    migrated = instance.migrated_commit or ran or instance.head
    recording.application(name).update(
        commit=commit, generation=instance.generation, migrated=migrated
    )
    for change in decision.changes:
        recorder().change(change)


def _announce_egress(host: Host, instance: InstanceState) -> None:
    """Say what of the firewall follows from this change where the firewall is not part of it."""
    if wants("base") or instance.egress is None:
        return
    rows = {(protocol, port): meaning for protocol, port, meaning in egress(host)}
    closed = sorted(rows.keys() - instance.egress)
    opened = sorted(instance.egress - rows.keys())
    texts = [
        f"does not let containers reach {p} {port} yet ({rows[p, port]})" for p, port in closed
    ]
    texts += [f"still lets containers reach {p} {port}" for p, port in opened]
    if texts:
        fleet = Path(ctx_host.get().data.bunker_fleet_folder).name
        command = f"invoke deploy --fleet {fleet} --host {host.name} --role base"
        recorder().note("base", f"the firewall {', and '.join(texts)}; apply it with: {command}")


def _is_upgrade(decision: Decision, instance: InstanceState) -> bool:
    # An upgrade that was cut off after its switch still has to settle. Without a database there is
    # nothing to roll back to.
    begun = decision.switch or instance.armed
    return bool(begun and instance.generation is not None and not instance.database.new)


def _declare(  # noqa: PLR0917 - all that was read and decided
    stack: Stack,
    host: Host,
    bundle: Bundle,
    commit: str,
    decision: Decision,
    instance: InstanceState,
    *,
    variables: dict[str, str | int],
    code: str | None,
) -> None:
    name, settings = host.application.name, host.application.set_values
    upgrade = _is_upgrade(decision, instance)
    variables |= {
        "REPOSITORY": host.application.repository,
        "REF": ref_of(
            commit,
            host.application.ref,
            instance.generation,
            keeps_code=not wants(stack.part),
        ),
        "COMMIT": commit,
        "SET": json.dumps(dict(settings), sort_keys=True) if settings else "",
        "CREDENTIALS": "" if name == MAIN else f"-{name}",
        "FINGERPRINT": bundle.fingerprint,
        "INSTRUCTIONS": instructions(bundle),
        "BUILD": "yes" if decision.build else "",
    }

    def run(title: str, *names: str, files: bool = False, code: str | None = None) -> None:
        def commands() -> list[Command]:
            # In a subshell: a script that ends early still comes to renewing the deadline.
            functions = stack.scripts("armed") + (put_files_script() if files else "")
            text = f"{functions}as_planned\nrenew\n(\n{stack.scripts(*names)}\n)\nrenew\n"
            given = archive(bundle.files) if files else code
            return [shell(changing(text, **variables), stdin=given)]

        step(f"{name}: {title}", commands)

    if decision.switch:
        run("fetch the code", "room", "git", "unbundle" if code else "fetch", code=code)
        run("pull and build images", "room", "before_switch", "prepare", files=True)
        if upgrade:
            step(f"{name}: prepare the rollback", protect(stack, variables))
            if stack.probed:
                run("start the availability probe", "front_door", "probe_start")
        run("switch files", "before_switch", "git", "switch", files=True)
    for phase in stack.phases:
        if decision.migrate or not phase.migrates:
            run(phase.name, *PROJECT, *phase.scripts)
    run("health gate", *PROJECT, "health")
    if upgrade:
        run("settle", *PROJECT, "logged", "settle")
        if stack.probed:
            run("stop the availability probe", "probe_stop")
    run("record generation", *PROJECT, "keep", "record")
