"""What a host knows for a rollback to an earlier generation: one remote command."""

from collections.abc import Mapping, Sequence

from bunker.answers import line as one_line
from bunker.answers import moment, of, whole
from bunker.application.generation import read_generation
from bunker.application.layout import Layout, read_layout
from bunker.ops.facts import Answer, read_boot
from bunker.ops.migrations import read_sql
from deploys.stack.rollback_choice import Armed, KeptGeneration, RollbackState


def read_rollback(found: Mapping[str, Sequence[str]]) -> tuple[RollbackState, str]:
    """The state and its token by the sections of an answer. Raises UnreadableAnswer."""

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
        _generation(line, kept, trees) for line in found.get("generations", ()) if line.strip()
    )
    armed = dict(line.split(" ", 1) for line in found.get("armed", ()) if " " in line)
    snapshots = (line.split(" ", 1) for line in found.get("snapshots", ()) if " " in line)
    state = RollbackState(
        generations=generations,
        armed=_armed(armed),
        head=first("head"),
        built=first("built"),
        configuration=first("configuration"),
        applied=_names(found.get("applied", [])) if first("database") == "yes" else None,
        failed=_names(found.get("failed", [])),
        sql=read_sql(found),
        snapshots={
            one_line(name, "a snapshot"): moment(seconds, f"the time of snapshot {name}")
            for seconds, name in snapshots
        },
        probed=first("probe") == "yes",
        layout=read_layout(found["layout"]) if "layout" in found else Layout(),
        boot=read_boot(found.get("boot", ())),
    )
    return state, one_line(first("token"), "its token")


class RollbackFacts(Answer[tuple[RollbackState, str]]):
    """Generations, an armed change, migrations and snapshots; and the token of the moment.

    ``script`` is the role's script of that name with its variables.
    """

    about = "what it can roll back to"
    read = staticmethod(read_rollback)

    def command(self, script: str) -> str:  # type: ignore[override]
        return script


def _names(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(one_line(line.strip(), "a migration") for line in lines if line.strip())


def _armed(values: dict[str, str]) -> Armed | None:
    if "from" not in values:
        return None
    return Armed(
        source=whole(values["from"].strip(), "the generation that it was armed on"),
        run=values.get("run", ""),
        snapshot=values.get("snapshot"),
        migrating="migrating" in values,
        halted=values.get("halted", ""),
    )


def _generation(text: str, kept: set[str], trees: Mapping[str, Sequence[str]]) -> KeptGeneration:
    row = read_generation(text, "the record of a generation")
    for key in ("configuration", "migration_head"):
        of(row, key, f"the record of generation {row['number']}")
    padded = f"{row['number']:06d}"
    more = {"kept": padded in kept, "migrations": trees.get(padded)}
    return KeptGeneration.from_json({**row, **more})
