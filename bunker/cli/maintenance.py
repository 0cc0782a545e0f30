"""maintenance.on, off and list: telling everybody that a host is being worked on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.errors import BunkerError, ExitCode
from bunker.terminal.lines import Line, Style, after

if TYPE_CHECKING:
    from bunker.fleet import Fleet
    from bunker.maintenance.maintenance import Answer, Maintenance

LONGEST_SECONDS = 30 * 86_400


@operator_command()
def on(
    options: Options,
    for_: Annotated[str, "how long: 90s, 30m, 2h, 1h30m, 1d (default: 1h)"] = "1h",
    reason: Annotated[str, "why, in a few words that others see"] = "",
) -> ExitCode:
    """Say that hosts are being worked on, for a while.

    Written on each host, so that every operator sees it in `invoke status`, and checks such as
    `invoke status --exit-status` do not count the host as bad. Ends by itself; said again, it
    replaces what was open. A run's end does not close it. Deploys go on as ever.

    Examples:
      invoke maintenance.on --host north-1 --for 2h --reason 'new disk'
      invoke maintenance.on --group canary --for 30m --reason 'moving to another rack'

    Exit codes: 0 all hosts, 3 some could not be reached.
    """
    from bunker.duration import parse_duration
    from bunker.maintenance.maintenance import open_maintenance

    seconds = parse_duration(for_, where="--for")
    if not 0 < seconds <= LONGEST_SECONDS:
        raise BunkerError(f"{for_!r} is out of range", where="--for", expected="1s to 30d")
    if not reason.strip():
        raise BunkerError("no reason is given", where="--reason", expected="a few words")
    text = " ".join(reason.split())
    fleet, remotes = options.remotes()
    answers = open_maintenance(remotes, seconds, text)
    return _report(options, fleet, answers, lambda open_: open_.sentence(), "nothing was opened")


@operator_command()
def off(options: Options) -> ExitCode:
    """End the maintenance of hosts before its time.

    Whoever opened it, a person or a run.

    Examples:
      invoke maintenance.off --host north-1
      invoke maintenance.off --group canary

    Exit codes: 0 all hosts (also where none was open), 3 some could not be reached.
    """
    from bunker.maintenance.maintenance import close_maintenance

    fleet, remotes = options.remotes()
    answers = close_maintenance(remotes)
    return _report(options, fleet, answers, lambda open_: f"ended: {open_.sentence()}", "none")


@operator_command(name="list")
def list_(options: Options) -> ExitCode:
    """Which hosts are in maintenance, until when and why.

    Asks all hosts of the fleet, or the chosen ones. Changes nothing.

    Examples:
      invoke maintenance.list
      invoke maintenance.list --group canary --json

    Exit codes: 0, or 3 where some host could not be asked.
    """
    from bunker.maintenance.maintenance import maintenance_of

    fleet, remotes = options.remotes(everyone=True)
    answers = maintenance_of(remotes)
    return _report(options, fleet, answers, lambda open_: open_.sentence(), "no maintenance")


def _report(
    options: Options,
    fleet: Fleet,
    answers: Mapping[str, Answer],
    described: Callable[[Maintenance], str],
    none: str,
) -> ExitCode:
    """One line, or one JSON object, for every host."""
    from bunker.host_keys import Unreachable

    lines: list[Line] = []
    rows = []
    failed = False
    for name, answer in answers.items():
        row: dict[str, object] = {"host": name, "maintenance": None}
        text = none
        style: Style = "faint"
        if isinstance(answer, Unreachable):
            failed = True
            row["error"] = answer.problem
            text, style = f"could not be asked: {answer.problem}", "bad"
        elif answer is not None:
            row["maintenance"] = answer.to_json()
            text, style = described(answer), "warn"
        rows.append(row)
        lines += after(f"{name}: ", text, style)
    options.answer({"fleet": fleet.name, "hosts": rows}, lines)
    return ExitCode.SOME_HOSTS_FAILED if failed else ExitCode.OK
