"""history and diff: what a host ran, and how two of its generations differ."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.cli.values import App
from bunker.errors import BunkerError, ExitCode
from bunker.terminal.lines import Line, after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bunker.generations import Generation


@operator_command()
def history(options: Options, app: App = "") -> ExitCode:
    """What hosts ran: generations, when, and what changed.

    Read from the hosts themselves, which remember 20. A rollback is a generation of its own;
    those it left behind are marked as rolled back. Changes nothing.

    Examples:
      invoke history --host north-1
      invoke history --group canary --json

    Exit codes: 0; 3 where a host could not be asked.
    """
    from bunker.generations import read_generations
    from bunker.remote import Remote
    from bunker.terminal.generations_text import history_lines

    fleet, hosts = options.select_applications(app)
    found = read_generations([Remote.of(fleet, host) for host in hosts])
    rows = [_history_json(host, known) for host, known in found.items()]
    lines: list[Line] = []
    for host, known in found.items():
        lines += [Line("")] if lines else []
        if isinstance(known, BunkerError):
            lines += after(f"{host}: ", str(known).removeprefix(f"{host}: "), "bad")
        else:
            lines += history_lines(host, known)
    options.answer({"fleet": fleet.name, "hosts": rows}, lines)
    failed = any(isinstance(known, BunkerError) for known in found.values())
    return ExitCode.SOME_HOSTS_FAILED if failed else ExitCode.OK


def _history_json(host: str, known: Sequence[Generation] | BunkerError) -> dict[str, Any]:
    from bunker.generations import steps

    if isinstance(known, BunkerError):
        return {"host": host, "error": str(known)}
    rows = [
        {
            **step.generation.to_json(),
            "changed": None if step.changed is None else list(step.changed),
            "current": step.current,
            "rolled_back": step.rolled_back,
        }
        for step in steps(known)
    ]
    return {"host": host, "generations": rows}


@operator_command()
def diff(
    options: Options,
    older: Annotated[str, "number of a generation, or `current`"],
    newer: Annotated[str, "number of another one, or `current`"],
    app: App = "",
) -> None:
    """How two generations of a host differ.

    Commits, images, configuration and migrations. Secret values show as changed, never as what they
    are. Of generations whose files are not kept any more, only fingerprints are compared. Changes
    nothing.

    Examples:
      invoke diff --host north-1 3 current
      invoke diff --host north-1 4 5 --json
    """
    from bunker.generations import read_difference, read_generations
    from bunker.remote import Remote
    from bunker.terminal.generations_text import difference_lines

    fleet, host = options.select_one(app=app)
    remote = Remote.of(fleet, host)
    known = read_generations([remote])[host.name]
    if isinstance(known, BunkerError):
        raise known
    old, new = (_chosen(known, word, host.name) for word in (older, newer))
    found = read_difference(remote, old, new)
    options.answer(
        {"fleet": fleet.name, "host": host.name, **found.to_json()},
        difference_lines(host.name, found, datetime.now(UTC)),
    )


def _chosen(known: Sequence[Generation], word: str, host: str) -> Generation:
    """The generation that an operator named. Raises BunkerError, naming those there are."""
    if not known:
        raise BunkerError("nothing was ever deployed, so there is no generation", where=host)
    if word == "current":
        return known[-1]
    number = word.removeprefix("#")
    for generation in known:
        if str(generation.number) == number:
            return generation
    numbers = [str(generation.number) for generation in known]
    span = numbers[0] if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
    raise BunkerError(
        f"there is no generation {word!r}", where=host, expected=f"{span}, or `current`"
    )
