"""What the commands that begin a run have in common: their options, and the way to the run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bunker.cli.options import Options
from bunker.errors import BunkerError, ExitCode

if TYPE_CHECKING:
    from bunker.fleet.settings import RolloutSettings
    from bunker.journal.records import Kind
    from bunker.workflows.request import DeployRequest

HELP: Final[Mapping[str, str]] = {
    "ref": "branch, tag or commit of the application, instead of what the host's file says",
    "dry": "show the plan and stop",
    "verbose": "show every step's output",
    "wait": "wait so long for hosts that another run holds (30s, 10m); default: refuse at once",
    "detach": "begin the run and return; it goes on by itself",
    "approve": "approval of a second operator, where a group asks for one (invoke approve)",
    "soak": "how long the first hosts are watched before they are judged (30m, 2h; 0 for not)",
    "batch": "hosts at a time after the canary: a number or a part such as 25%",
    "max-fail": "so many hosts may fail or be away before the run stops",
    "no-judgement": "do not judge by metrics, only by health",
    "to": "generation to go back to (default: ask, or the one before)",
    "restore": "restore the database of that time too; later writes are lost",
    "reboot": "if-required (default), never or always",
}
SHARED: Final = ("dry", "verbose", "wait", "detach", "approve")


def help_for(*more: str) -> dict[str, str]:
    """Help texts of a command's own options and of those that every change has."""
    return {key: HELP[key] for key in (*more, *SHARED)}


def common(wait: str, detach: bool, approve: str) -> dict[str, Any]:
    """What every change takes: how long it waits, whether it goes on alone, who approved."""
    return {
        "wait_seconds": seconds_of(wait, "--wait", 0),
        "detach": detach,
        "approval_file": Path(approve) if approve else None,
    }


def run_request(
    options: Options,
    command: str,
    *,
    dry: bool,
    verbose: bool,
    ref: str = "",
    tags: tuple[str, ...] = (),
) -> DeployRequest:
    """The change as planning takes it; ``command`` is the task with its own options."""
    from bunker.workflows.request import DeployRequest  # noqa: PLC0415

    return DeployRequest(
        root=options.root,
        fleet_name=options.fleet_name,
        hosts=options.hosts,
        groups=options.groups,
        tags=options.tags,
        tags_wanted=tags,
        ref=ref or None,
        dry=dry,
        yes=options.yes,
        verbose=verbose,
        debug=options.debug,
        command=f"invoke {command}",
    )


def begin_run(
    options: Options, request: DeployRequest, kind: Kind, how: Mapping[str, Any]
) -> ExitCode:
    """Plan, show, ask and begin the run."""
    from bunker.runs.start import Intent, begin  # noqa: PLC0415 - keeps `--list` fast
    from bunker.terminal.reporter import make_reporter  # noqa: PLC0415

    more = ["--ref", request.ref] if request.ref else []
    repeat = options.repeat(request.command.split(" --")[0], *more)
    reporter = make_reporter(
        json=options.json, verbose=request.verbose, yes=options.yes, repeat=repeat
    )
    with reporter:
        return begin(Intent(request, kind, **how), reporter)


def rollout_settings(options: Options) -> RolloutSettings:
    """How changes go through this fleet, where the command line says nothing."""
    from bunker.fleet.settings import load_settings  # noqa: PLC0415

    return load_settings(options.fleet_folder).rollout


def seconds_of(text: str, where: str, default: int) -> int:
    """Seconds of an option that names a length of time; ``default`` where it is not given."""
    from bunker.duration import parse_duration  # noqa: PLC0415

    return parse_duration(text, where=where) if text else default


def number_of(text: str, where: str, default: int, *, least: int = 0) -> int:
    """A count that an option names; ``default`` where it is not given."""
    if not text:
        return default
    # Not isdecimal(): that takes the digits of every script, and any number of them.
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise BunkerError(
            f"{text[:40]!r} is not a number", where=where, expected=f"{least} or more"
        )
    return int(text)
