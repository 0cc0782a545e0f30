"""The commands that begin a run, one for each kind: their options come from the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bunker.cli.command import OperatorTask, operator_command
from bunker.cli.options import Options, words
from bunker.cli.values import CONFIRM, number_of, seconds_of
from bunker.errors import BunkerError, ExitCode
from bunker.runs.kind import Kind, argument, option_name
from bunker.runs.kinds import KINDS

if TYPE_CHECKING:
    from bunker.journal.records import Pace
    from bunker.terminal.reporter import Reporter
    from bunker.workflows.request import DeployRequest


@dataclass(frozen=True)
class PaceOptions:
    """Options of those kinds that name them as their ``pace``."""

    soak: str = argument(
        "how long the first hosts are watched before the analysis (30m, 2h; 0 for not)"
    )
    batch: str = argument("hosts at a time after the canary: a number or a part such as 25%")
    max_fail: str = argument("so many hosts may fail or be away before the run stops")
    no_analysis: bool = argument("no canary analysis: decide by health alone", default=False)


@dataclass(frozen=True)
class PlanOptions:
    """Options of every command that plans."""

    detailed_exitcode: bool = argument(
        "with a plan that holds changes, end with exit code 2 instead of 0", default=False
    )
    verbose: bool = argument("show every step's output", default=False)
    diff: bool = argument("show every line that changes", default=False)


@dataclass(frozen=True)
class RunOptions(PlanOptions):
    """Options of every command that begins a run."""

    dry: bool = argument("show the plan and stop", default=False)
    wait: str = argument(
        "wait so long for hosts that another run holds (30s, 10m); default: refuse at once"
    )
    confirm: str = argument(CONFIRM)
    detach: bool = argument("begin the run and return; it goes on by itself", default=False)
    approve: str = argument(
        "approval of a second operator, where a group asks for one (invoke approve)"
    )


POLICIES: Final = "With policies also 9 (a window is closed) and 10 (an approval is missing)."
"""More exit codes of the kinds that obey them."""


def command_of(kind: Kind) -> OperatorTask:
    """The task that begins runs of a kind."""

    def body(options: Options, **given: Any) -> ExitCode:
        shared = RunOptions(**{one.name: given[one.name] for one in fields(RunOptions)})
        return begin_run(kind, options, given, shared)

    body.__doc__ = kind.help
    if kind.windows or kind.approval:
        body.__doc__ = f"{kind.help.rstrip()}\n    {POLICIES}\n    "
    paced = (one for one in fields(PaceOptions) if one.name in kind.pace)
    name = kind.name.rpartition(".")[2]
    return operator_command(name=name, fields=(*kind.fields, *paced, *fields(RunOptions)))(body)


def begin_run(
    kind: Kind, options: Options, given: Mapping[str, Any], shared: RunOptions
) -> ExitCode:
    """Plan, show, ask and begin a run, from what stands on the command line."""
    from bunker.runs.start import Intent, begin

    may_ask = not (options.yes or shared.dry)
    options = options.choosing()
    options, arguments = kind.completed(options, arguments_of(kind, given), may_ask)
    pace, pace_words = pace_of(kind, options, given)
    request = replace(
        request_of(kind, options, arguments, shared),
        command=" ".join(["invoke", kind.name, *pace_words]),
    )
    intent = Intent(
        request,
        kind,
        arguments,
        pace,
        wait_seconds=seconds_of(shared.wait, "--wait", 0),
        approval_file=Path(shared.approve) if shared.approve else None,
        detach=shared.detach,
    )
    with reporter_of(kind, options, request) as reporter:
        return begin(intent, reporter)


def arguments_of(kind: Kind, given: Mapping[str, Any]) -> Any:
    """The kind's arguments; BunkerError for a list that names nothing."""
    values = dict(given)
    for one in kind.fields:
        if one.default == () and given[one.name]:
            texts = given[one.name]
            values[one.name] = tuple(texts) if one.metadata["whole"] else words(texts)
            if not values[one.name]:
                where = option_name(one.name)
                raise BunkerError(f"{where} names nothing", expected=one.metadata["help"])
    return kind.make(values)


def request_of(kind: Kind, options: Options, arguments: Any, shared: RunOptions) -> DeployRequest:
    """The change as planning takes it."""
    return options.request(
        work=kind.work(arguments),
        words=tuple(kind.words(arguments)),
        dry=shared.dry,
        detailed_exitcode=shared.detailed_exitcode,
        verbose=shared.verbose,
        diff=shared.diff,
        confirmed=words([shared.confirm]),
        command=f"invoke {kind.name}",
    )


def reporter_of(kind: Kind, options: Options, request: DeployRequest) -> Reporter:
    """What shows the run, and tells how to repeat it."""
    repeat = options.repeat(f"invoke {kind.name}", *request.words)
    if request.work.ref and not kind.keeps_ref:
        repeat = replace(repeat, of_file=options.repeat(f"invoke {kind.name}").deploy)
    return options.reporter(verbose=request.verbose, diff=request.diff, repeat=repeat)


def pace_of(kind: Kind, options: Options, given: Mapping[str, Any]) -> tuple[Pace, list[str]]:
    """How the run goes through its hosts: what was given, else what the fleet's settings say.

    Also as it is given on a command line.
    """
    from bunker.journal.records import Pace

    if not kind.pace:
        return Pace(), []
    settings = options.settings.rollout
    pace, typed = Pace(), []
    if "soak" in kind.pace:
        seconds = seconds_of(given["soak"], "--soak", settings.soak)
        typed += ["--soak", f"{seconds}s"]
        pace = replace(pace, soak_seconds=seconds, only_canary="batch" not in kind.pace)
    if "batch" in kind.pace:
        size = given["batch"] or str(settings.batch)
        typed += ["--batch", size]
        pace = replace(pace, batch=size)
    if "max_fail" in kind.pace:
        most = number_of(given["max_fail"], "--max-fail", settings.max_fail)
        typed += ["--max-fail", str(most)]
        pace = replace(pace, max_fail=most)
    if "no_analysis" in kind.pace:
        typed += ["--no-analysis"] if given["no_analysis"] else []
        pace = replace(pace, analysed=not given["no_analysis"])
    if {"soak", "batch"} <= set(kind.pace):
        canaries = options.load_fleet().groups.get(settings.canary_group, ())
        pace = replace(pace, canary=tuple(canaries))
    return pace, typed


COMMANDS: Final = {name: command_of(kind) for name, kind in KINDS.items()}
"""By the name of the kind, which may have the collection in front of it: ``schema.resolve``."""


def commands_of(collection: str = "") -> list[OperatorTask]:
    """The commands of one collection of tasks, or those that are in none."""
    return [task for name, task in COMMANDS.items() if name.rpartition(".")[0] == collection]
