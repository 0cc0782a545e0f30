"""What a host knows about going back to an earlier generation: one remote command."""

from __future__ import annotations

import json
from typing import Any

from pyinfra.api import FactBase
from pyinfra.api.exceptions import FactProcessError

from bunker.ops.facts import read_boot, sections
from bunker.ops.migrations import read_sql
from bunker.roles.changemaker.way_back import Armed, KeptGeneration, WayBackState


class WayBackFacts(FactBase[tuple[WayBackState, str]]):
    """Generations, an armed change, migrations and snapshots; and the token of the moment.

    ``script`` is the role's script of that name with its variables.
    """

    def command(self, script: str) -> str:  # type: ignore[override]
        return script

    def process(self, output: list[str]) -> tuple[WayBackState, str]:
        return read_way_back(output)


def read_way_back(output: list[str]) -> tuple[WayBackState, str]:
    """The answer as values; FactProcessError where it was cut short or makes no sense."""
    found = sections(output)
    try:
        return _read(found)
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        reason = f"{type(problem).__name__}: {problem}"
        raise FactProcessError(
            f"what the host says about going back makes no sense: {reason}"
        ) from None


def _read(found: dict[str, list[str]]) -> tuple[WayBackState, str]:
    def first(name: str) -> str:
        return next((line.strip() for line in found.get(name, ()) if line.strip()), "")

    trees: dict[str, list[str]] = {}
    for line in found.get("trees", ()):
        number, _, name = line.partition(" ")
        trees.setdefault(number, [])
        if name:
            trees[number].append(name)
    kept = {line.strip() for line in found.get("kept", ())}
    generations = tuple(
        _generation(json.loads(line), kept, trees)
        for line in found.get("generations", ())
        if line.strip()
    )
    armed = dict(line.split(" ", 1) for line in found.get("armed", ()) if " " in line)
    snapshots = (line.split(" ", 1) for line in found.get("snapshots", ()) if " " in line)
    state = WayBackState(
        generations=generations,
        armed=_armed(armed),
        head=first("head"),
        built=first("built"),
        configuration=first("configuration"),
        applied=_names(found.get("applied", [])) if first("database") == "yes" else None,
        failed=_names(found.get("failed", [])),
        sql=read_sql(found),
        snapshots={name: int(seconds) for seconds, name in snapshots},
        probed=first("probe") == "yes",
        boot=read_boot(found.get("boot", ())),
    )
    return state, first("token")


def _names(lines: list[str]) -> tuple[str, ...]:
    return tuple(line.strip() for line in lines if line.strip())


def _armed(values: dict[str, str]) -> Armed | None:
    if "from" not in values:
        return None
    return Armed(
        source=int(values["from"]),
        run=values.get("run", ""),
        snapshot=values.get("snapshot"),
        migrating="migrating" in values,
        halted=values.get("halted", ""),
    )


def _generation(row: dict[str, Any], kept: set[str], trees: dict[str, list[str]]) -> KeptGeneration:
    padded = f"{row['number']:06d}"
    return KeptGeneration(
        number=row["number"],
        commit=row["commit"],
        run=row["run"],
        ref=str(row.get("ref") or ""),
        configuration=row["configuration"],
        migration_head=row["migration_head"],
        source=row.get("from"),
        backup=row.get("backup"),
        rollback_of=row.get("rollback_of"),
        rollback_to=row.get("rollback_to"),
        kept=padded in kept,
        migrations=tuple(trees[padded]) if padded in trees else None,
    )
