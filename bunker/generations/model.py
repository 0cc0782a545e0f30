"""A generation: what an instance ran, from the record that its host keeps. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field

from bunker.errors import BunkerError
from bunker.json_form import JsonForm


@dataclass(frozen=True)
class Generation(JsonForm):
    """One record of the host.

    number: counts up for ever. time: when it passed its gate (UTC). run: the run that made it.
    configuration: fingerprint of the placed files. migration_head: the newest migration that was
    applied. images: image id by service. backup: the snapshot made before, if any. came_from: the
    number that ran before it. rollback_of and rollback_to: of a rollback, the run that was undone
    and the number that was rolled back to. kept: what is needed to roll back to it is still
    on the host (files, commit, images).
    """

    number: int
    time: AwareDatetime
    run: str
    commit: str
    ref: str
    configuration: str
    migration_head: str
    images: Mapping[str, str] = field(default_factory=dict)
    backup: str | None = None
    came_from: Annotated[int | None, Field(alias="from")] = None
    rollback_of: str | None = None
    rollback_to: int | None = None
    kept: bool = False

    @classmethod
    def from_record(cls, data: Mapping[str, Any], *, kept: bool, where: str) -> Self:
        """The host's record (:func:`bunker.application.generation.read_generation`).

        Raises BunkerError where something of it is missing.
        """
        try:
            return cls.from_json({**data, "kept": kept})
        except ValueError:
            raise BunkerError("a generation's record makes no sense", where=where) from None


@dataclass(frozen=True)
class Step:
    """A generation in its history.

    changed: what differs from the one before it ("code", "configuration", "images",
    "migrations"); None where the one before is not known any more. current: it runs now.
    rolled_back: a rollback left it behind.
    """

    generation: Generation
    changed: tuple[str, ...] | None
    current: bool
    rolled_back: bool


def steps(generations: Sequence[Generation]) -> list[Step]:
    """The history, oldest first. The newest record is what runs: a rollback is recorded too."""
    ordered = sorted(generations, key=lambda generation: generation.number)
    known = {generation.number: generation for generation in ordered}
    # As ranges: a record may name whatever numbers.
    undone = [
        range(back.rollback_to + 1, (back.came_from or back.number - 1) + 1)
        for back in ordered
        if back.rollback_to is not None
    ]
    found = []
    for generation in ordered:
        # Numbers have no gaps, so the record before is what ran before, also after a rollback.
        before = known.get(generation.number - 1)
        changed = _changes(before, generation) if before or generation.number > 1 else ()
        current = generation is ordered[-1]
        rolled_back = not current and any(generation.number in numbers for numbers in undone)
        found.append(Step(generation, changed, current, rolled_back))
    return found


def _changes(before: Generation | None, after: Generation) -> tuple[str, ...] | None:
    if before is None:
        return None
    pairs = {
        "code": before.commit != after.commit,
        "configuration": before.configuration != after.configuration,
        "images": before.images != after.images,
        "migrations": before.migration_head != after.migration_head,
    }
    return tuple(word for word, differs in pairs.items() if differs)
