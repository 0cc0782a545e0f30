"""What a host's state calls for, as a pure function: the changes to show and the steps to take."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bunker.application.layout import MAIN
from bunker.plan.changes import Change, Symbol
from deploys.stack.forecast import Forecast

if TYPE_CHECKING:
    from bunker.ops.instance import InstanceState

FOLDER = "folder"
"""Subject of the change that gives the instance's folder to another owner."""


@dataclass(frozen=True)
class Files:
    """How the bundle on the host differs: paths, masked diff, what that does to the services."""

    differing: tuple[str, ...]
    diff: tuple[str, ...]
    applied: bool
    forecast: Forecast = field(default_factory=Forecast)


@dataclass(frozen=True)
class Decision:
    """Changes to show and what they take.

    ``switch`` lays out files, ``build`` makes images anew even where all are there, ``migrate``
    asks the database.
    """

    changes: tuple[Change, ...]
    switch: bool = False
    migrate: bool = False
    build: bool = False

    @property
    def needed(self) -> bool:
        """Whether anything has to be done at all."""
        return bool(self.changes)


def ref_of(
    commit: str, wanted: str, generation: Mapping[str, Any] | None, *, keeps_code: bool
) -> str:
    """What a commit is called in the generation: ``wanted``, unless the change keeps the code.

    Then it keeps its name as well. The host's file may name another version by now.
    """
    if keeps_code and generation and generation.get("commit") == commit:
        return str(generation.get("ref") or wanted)
    return wanted


def decide(
    commit: str,
    ref: str,
    instance: InstanceState,
    files: Files,
    *,
    taken_over: str = "",
    new_database: str = "",
    mark: str = "",
    from_newer: str = "",
    role: str = MAIN,
    migrates: bool = True,
    rebuilt: Collection[str] | None = None,
) -> Decision:
    """Compare what should run with what does. ``role`` is the application's name.

    ``migrates``: its code brings migrations of a database. ``rebuilt`` are the services that other
    code may make anew, None for all.

    ``taken_over`` says that the folder changes its owner, which happens along with other changes.
    ``new_database``: one was asked for by ``mark``, "empty" or with the content of that snapshot.
    ``from_newer``: the version that runs, where the commit is an older one.
    """
    changes: list[Change] = []

    def change(subject: str, symbol: Symbol, summary: str, lines: tuple[str, ...] = ()) -> None:
        changes.append(Change(role, subject, symbol, summary, lines))

    new_commit = instance.head != commit
    if new_commit:
        changes.append(_checkout(role, commit, ref, instance, rebuilt))
        if from_newer:
            change("version", "~", f"goes back from {from_newer} to {ref}")
    if instance.edited:
        count = len(instance.edited)
        summary = f"{count} tracked file{'s' * (count > 1)} edited by hand; kept as a patch"
        change("checkout", "~", summary, lines=tuple(line.strip() for line in instance.edited))
    if files.differing:
        changes += _configuration(role, instance, files)
    wrong_images = not new_commit and instance.built_commit != commit
    if wrong_images:
        # A deploy of other code was stopped after its build: whatever starts next would run it.
        change("images", "~", "images of another commit; built again")
    if migrates and new_commit:
        change("migrations", "~", "whatever the new commit brings (prisma migrate deploy)")
    elif migrates and instance.migrated_commit != commit:
        change("migrations", "~", "not yet applied for this commit")
    if new_database:
        content = "empty" if new_database == "empty" else f"from the snapshot {new_database}"
        change("database", "~", f"a new one, {content}, as {mark} asks for")
    if instance.seed_pending:
        change("seed", "~", "an empty database still waits for its seed")
    changes += _containers(role, instance)
    if not changes and not files.applied:
        change("deployment", "~", "an interrupted deployment is finished (gate and generation)")
    switch = bool(new_commit or instance.edited or files.differing or wrong_images)
    if switch and taken_over:
        changes.insert(0, Change(role, FOLDER, "~", taken_over))
    return Decision(
        changes=tuple(changes),
        switch=switch,
        migrate=migrates and (bool(new_database) or instance.migrated_commit != commit),
        build=bool(new_commit or instance.edited or files.forecast.builds or wrong_images),
    )


def _checkout(
    role: str, commit: str, ref: str, instance: InstanceState, rebuilt: Collection[str] | None
) -> Change:
    if not instance.head:
        return Change(role, "checkout", "+", f"commit {commit[:12]} ({ref})")
    summary = f"commit {instance.head[:12]} → {commit[:12]} ({ref})"
    # Which are rebuilt is known after the build, not before.
    restarts = tuple(one for one in instance.services if rebuilt is None or one in rebuilt)
    return Change(role, "checkout", "~", summary, restarts=restarts)


def _configuration(role: str, instance: InstanceState, files: Files) -> Iterator[Change]:
    symbol: Symbol = "~" if instance.head else "+"
    summary = "environment and override" + ("" if instance.head else " new")
    forecast = files.forecast
    yield Change(role, "configuration", symbol, summary, files.diff, forecast.recreated)
    for service in forecast.created:
        if instance.containers and service not in instance.services:
            yield Change(role, service, "+", f"{service} is new; brought up", restarts=(service,))
    for service in forecast.removed:
        yield Change(role, service, "-", f"{service} is no service any more; removed")


def _containers(role: str, instance: InstanceState) -> Iterator[Change]:
    if not instance.head or not instance.services:
        if not instance.containers:
            yield Change(role, "services", "+", "all services of the stack")
        return
    conditions = {one.service: one.condition for one in instance.containers}
    for service in instance.missing:
        state = conditions.get(service, "has no container")
        yield Change(role, service, "~", f"{service} {state}; brought up", restarts=(service,))
