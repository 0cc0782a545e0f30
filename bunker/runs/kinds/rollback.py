"""`invoke rollback`: instances to an earlier generation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bunker.role import named
from bunker.runs.kind import APP, NO_PIN, Kind, argument
from bunker.runs.work import Work
from bunker.runs.work import rollback as rollback_work

if TYPE_CHECKING:
    from bunker.cli.options import Options


@dataclass(frozen=True)
class Arguments:
    """``to`` is a generation's number; empty: the one before."""

    to: str = argument("generation to roll back to (default: ask, or the one before)")
    restore: bool = argument(
        "restore the database of that time too; later writes are lost", default=False
    )
    app: str = argument(APP)
    no_pin: bool = argument(NO_PIN, default=False)


def work(given: Arguments) -> Work:
    """Roll back to that generation."""
    return rollback_work(to=given.to, restore=given.restore, application=given.app)


def completed(options: Options, given: Arguments, may_ask: bool) -> tuple[Options, Arguments]:
    """Ask which generation, on a terminal."""
    if given.to:
        return options, given
    fleet, hosts = options.select_applications(given.app)
    pick = named("bunker.runs.picker:pick_generation")  # the registry of kinds costs nothing
    return options, replace(given, to=pick(fleet, hosts, may_ask=may_ask))


ROLLBACK = Kind(
    name="rollback",
    help="""Roll back to an earlier generation of an instance.

    Shows the generations that passed their gates, with their age, and asks which one. Says first
    whether code alone suffices; where a migration since then is not safe for the older code, it
    stops and spells out the choice: --restore brings back the database of that time as well, and
    what was written since is lost (the present database is kept beside it under another name).

    The version that it then runs is written into the host's file, so that the next deploy keeps
    it; --no-pin leaves the file as it is.

    Examples:
      invoke rollback --host north-1
      invoke rollback --host north-1 --to 7
      invoke rollback --host north-1 --to 7 --restore

    Exit codes: 0 done, 3 failed, or refused with the choice spelled out, 5 held by another run,
    130 interrupted.
    """,
    arguments=Arguments,
    work=work,
    completed=completed,
    pins=True,
    # A rollback is never made to wait for a window or for a second person.
    windows=False,
    approval=False,
)
