"""A rollback to an earlier generation: which one, and whether its code alone suffices. Pure."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from bunker.application.layout import Layout
from bunker.application.migrations import MigrationSafety, classify_with_history
from bunker.errors import BunkerError
from bunker.json_form import JsonForm


@dataclass(frozen=True)
class KeptGeneration(JsonForm):
    """One generation as its host remembers it.

    ``source`` is the generation that it replaced. ``backup`` names the snapshot of the database
    from before it. ``settings`` are its values of ``set``. ``kept``: its files are there still.
    ``migrations`` are the names in its code, None where its commit is not there any more.
    """

    number: int
    commit: str
    run: str
    ref: str = ""
    configuration: str = ""
    migration_head: str = ""
    source: Annotated[int | None, Field(alias="from")] = None
    backup: str | None = None
    rollback_of: str | None = None
    rollback_to: int | None = None
    settings: Annotated[Mapping[str, Any], Field(alias="set")] = field(default_factory=dict)
    kept: bool = True
    migrations: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Armed:
    """A change that was begun and neither recorded nor rolled back."""

    source: int
    run: str
    snapshot: str | None = None
    migrating: bool = False
    halted: str = ""


@dataclass(frozen=True)
class RollbackState:
    """What a host knows for a rollback. ``applied`` is None where the database is down.

    ``sql`` is that of applied migrations, by name, as far as the host has it. ``snapshots`` are the
    times (seconds since 1970) whose data they hold, by id.
    """

    generations: tuple[KeptGeneration, ...] = ()
    armed: Armed | None = None
    head: str = ""
    built: str = ""
    configuration: str = ""
    applied: tuple[str, ...] | None = ()
    failed: tuple[str, ...] = ()
    sql: Mapping[str, str] = field(default_factory=dict)
    snapshots: Mapping[str, int] = field(default_factory=dict)
    boot: Mapping[str, Any] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)
    probed: bool = False
    """Whether the availability probe of a change was not stopped yet."""

    @property
    def newest(self) -> KeptGeneration | None:
        """The generation that was recorded last."""
        return self.generations[-1] if self.generations else None

    def numbered(self, number: int) -> KeptGeneration | None:
        """The generation of that number, where the host remembers it."""
        return next((one for one in self.generations if one.number == number), None)


@dataclass(frozen=True)
class Choice:
    """Where to roll back to, whose change that undoes, and whether it makes a new generation."""

    target: KeptGeneration
    undoes: str
    recorded: bool = True


@dataclass(frozen=True)
class Assessment:
    """What speaks against a rollback of the code alone, and what a restore would lose.

    ``lost_since`` (seconds since 1970): everything written after it is lost with a restore.
    """

    unsafe: tuple[MigrationSafety, ...]
    applied_since: tuple[str, ...]
    snapshot: str | None
    lost_since: int | None

    @property
    def code_alone(self) -> bool:
        """Whether the older code works with the database as it is."""
        return not self.unsafe

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, one line a migration."""
        return tuple(f"{one.name}: {'; '.join(one.reasons)}" for one in self.unsafe)


def choose(state: RollbackState, *, to: int | None, of_run: str) -> Choice | None:
    """The generation to roll back to; None where there is nothing to undo.

    ``to`` names one. Without it: where an armed change came from, else what the last generation of
    the run ``of_run`` replaced. Raises BunkerError where that cannot be said or is not kept.
    """
    newest = state.newest
    if newest is None:
        if to is None and of_run:
            return None
        raise BunkerError("no generation was ever recorded here, so there is none to roll back to")
    if to is not None:
        return _to_number(state, newest, to, of_run)
    if state.armed:
        return Choice(_found(state, state.armed.source), of_run or state.armed.run)
    if of_run:
        return _of_run(state, newest, of_run)
    if newest.source is None:
        raise BunkerError(
            f"generation {newest.number} replaced none that is known",
            remedy="Name one with --to; invoke history lists them",
        )
    return Choice(_found(state, newest.source), newest.run)


def _to_number(state: RollbackState, newest: KeptGeneration, to: int, of_run: str) -> Choice | None:
    target = _found(state, to)
    same = (target.commit, target.configuration) == (newest.commit, newest.configuration)
    if same and not state.armed and _runs(state, newest):
        return None
    undoes = of_run or (state.armed.run if state.armed else newest.run)
    return Choice(target, undoes, recorded=not (same and not state.armed))


def _of_run(state: RollbackState, newest: KeptGeneration, run: str) -> Choice | None:
    made = [one for one in state.generations if one.run == run and not one.rollback_of]
    if not made:
        # It failed before anything was switched, but it may have replaced the images' names.
        fixed = newest.kept and state.head == newest.commit and state.built != newest.commit
        return Choice(newest, run, recorded=False) if fixed else None
    if any(one.rollback_of == run and one.number > made[-1].number for one in state.generations):
        return None
    if newest.number != made[-1].number:
        raise BunkerError(
            f"generation {newest.number} was made after this run by run {newest.run}",
            remedy="Look at invoke history, and choose with invoke rollback --to N",
        )
    if newest.source is None:
        raise BunkerError(f"generation {newest.number} is the first one: there is none before it")
    return Choice(_found(state, newest.source), run)


def _runs(state: RollbackState, generation: KeptGeneration) -> bool:
    """Whether the host's own marks say that this generation is what stands there."""
    return (
        state.head == generation.commit
        and state.built == generation.commit
        and state.configuration == generation.configuration
    )


def _found(state: RollbackState, number: int) -> KeptGeneration:
    found = state.numbered(number)
    if found is None or not found.kept:
        numbers = ", ".join(str(one.number) for one in state.generations if one.kept)
        raise BunkerError(
            f"generation {number} is not kept on this host",
            expected=f"one of {numbers}" if numbers else None,
            remedy="Its code can be deployed again with invoke upgrade --ref",
        )
    return found


def assess(state: RollbackState, chosen: Choice) -> Assessment:
    """What was migrated since the target, and what that means. Raises BunkerError where unknown."""
    target = chosen.target
    applied = state.applied
    if applied is None:
        untouched = state.armed and state.armed.source == target.number
        if not (untouched and state.armed and not state.armed.migrating):
            raise BunkerError(
                "the database does not answer, so what was migrated since is not known",
                remedy="Bring it up first: invoke logs shows why it is down",
            )
        applied = target.migrations or ()
    if target.migrations is None:
        since = tuple(name for name in applied if name > target.migration_head)
    else:
        since = tuple(name for name in applied if name not in target.migrations)
    before = [name for name in applied if name not in since]
    classified = classify_with_history(since, before, state.sql)
    unsafe = tuple(one for one in classified if not one.safe)
    snapshot = _snapshot(state, target, unsafe)
    return Assessment(
        unsafe=unsafe,
        applied_since=since,
        snapshot=snapshot,
        lost_since=state.snapshots[snapshot] if snapshot else None,
    )


def _snapshot(
    state: RollbackState, target: KeptGeneration, unsafe: tuple[MigrationSafety, ...]
) -> str | None:
    """The latest snapshot of a database that the target's code works with: it loses the least."""

    def fits(source: int | None) -> bool:
        found = state.numbered(source) if source is not None else None
        if found is None or found.migration_head < target.migration_head:
            return False
        return not any(one.name <= found.migration_head for one in unsafe)

    armed = state.armed
    if armed and armed.snapshot in state.snapshots and fits(armed.source):
        return armed.snapshot
    for one in reversed(state.generations):
        if one.number > target.number and one.backup in state.snapshots and fits(one.source):
            return one.backup
    return None


def check_choice(
    host: str,
    options: str,
    state: RollbackState,
    chosen: Choice,
    found: Assessment,
    *,
    restore: bool,
) -> None:
    """Refuse what would break the instance, with the exact choice that is left.

    ``options`` choose it on a command line.
    """
    number = chosen.target.number
    forward = f"fix forward with: invoke upgrade {options} --ref FIXED"
    head = chosen.target.migration_head
    if not restore and state.applied and head and head not in state.applied:
        raise BunkerError(
            f"generation {number} needs migration {head}, which the database does not have",
            where=host,
            remedy=f"Deploy it instead: invoke upgrade {options} --ref {chosen.target.commit}",
        )
    if restore and found.snapshot is None:
        raise BunkerError(
            f"no snapshot of the database from generation {number} is kept",
            where=host,
            remedy=forward[0].upper() + forward[1:],
        )
    if restore or found.code_alone:
        return
    choice = forward[0].upper() + forward[1:]
    if found.lost_since is not None:
        choice = (
            f"Restore the database as it was at {moment(found.lost_since)}, which loses everything"
            f" written since: invoke rollback {options} --to {number} --restore; or {forward}"
        )
    raise BunkerError(
        f"generation {number} cannot run on the database as it is now: {'; '.join(found.reasons)}",
        where=host,
        remedy=choice,
    )


def summary(found: Assessment, *, restore: bool) -> str:
    """What the plan says about the database, in one line."""
    if restore and found.lost_since is not None:
        return f"restored as it was at {moment(found.lost_since)}; what was written since is lost"
    if not found.applied_since:
        return "nothing was migrated since: code alone suffices"
    names = ", ".join(found.applied_since)
    return f"left as it is, code alone suffices: {names} is safe for the older code"


def loss(found: Assessment) -> str:
    """What a restore of the database loses; empty where there is none to restore."""
    return f"what was written since {moment(found.lost_since)}" if found.lost_since else ""


def moment(seconds: int) -> str:
    """A time as people read it, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
