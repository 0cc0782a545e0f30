"""A migration that failed half-way is recorded as settled: `bunker_migration` and `bunker_how`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyinfra.context import ctx_host

from bunker.answers import line as one_line
from bunker.application.layout import MAIN
from bunker.applications.of_host import application_of
from bunker.errors import BunkerError
from bunker.ops.context import changing, current_host
from bunker.ops.facts import Answer, asked
from bunker.ops.recorder import recorder
from bunker.ops.step import Command, shell, step
from bunker.plan.changes import Change
from bunker.shell import with_variables
from deploys.changemaker.deploy import CHANGEMAKER
from deploys.stack.armed import PROJECT

HOW = {
    "rolled-back": "undone by hand: the next upgrade applies it from its beginning",
    "applied": "completed by hand: it counts as applied",
}


class FailedMigrations(Answer[tuple[str, ...]]):
    """Names of the migrations that failed half-way. ``script`` has its variables."""

    about = "its failed migrations"

    @staticmethod
    def read(found: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        return tuple(one_line(name.strip(), "a migration") for name in found["failed"] if name)

    def command(self, script: str) -> str:  # type: ignore[override]
        return script


def resolve() -> None:
    """Of the current host; refuses where no migration failed, or where it is not clear which."""
    data, current = ctx_host.get().data, current_host()
    one = application_of(current, str(data.get("bunker_application") or ""))
    host = one.host
    if one.kind.name != MAIN:
        raise BunkerError(
            f"{one.name} is of the kind {one.kind.name}, which has no migrations",
            where=current.name,
            expected=f"an application of the kind {MAIN}",
        )
    name, how = host.application.name, str(data.bunker_how)
    variables: dict[str, str | int] = {
        "APP_NAME": name,
        "DIRECTORY": host.application.directory,
        "PROJECT": host.application.project,
    }
    script = CHANGEMAKER.scripts("armed", *PROJECT, "failed")
    failed = asked(FailedMigrations, script=with_variables(script, **variables))
    recorder().current().observed.append([name, "failed", failed])
    chosen = _chosen(str(data.get("bunker_migration") or ""), failed, current.name)
    if chosen is None:
        return
    recorder().current().wanted.append([name, "resolve", chosen, how])
    summary = f"{chosen} recorded as {how.replace('-', ' ')}: {HOW[how]}"
    recorder().change(Change(name, "migration", "~", summary))

    def commands() -> list[Command]:
        text = CHANGEMAKER.scripts("armed", *PROJECT, "resolve")
        more = {"MIGRATION": chosen, "HOW": f"--{how}"}
        return [shell(changing(text, **variables, **more))]

    step(f"{name}: record the migration as {how.replace('-', ' ')}", commands)


def _chosen(wanted: str, failed: Sequence[str], host: str) -> str | None:
    """The migration that is meant; None where it is settled already, or none failed."""
    if wanted and (wanted in failed or not failed):
        return wanted if failed else None  # a run that is repeated finds it settled
    if wanted:
        raise BunkerError(
            f"{wanted} did not fail half-way", where=host, expected=f"one of {', '.join(failed)}"
        )
    if len(failed) > 1:
        raise BunkerError(
            f"{len(failed)} migrations failed half-way",
            where=host,
            expected=f"--migration with one of {', '.join(failed)}",
        )
    return failed[0] if failed else None
