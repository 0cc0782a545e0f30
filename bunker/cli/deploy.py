"""plan and apply: a deploy in two parts."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

from bunker.cli.command import operator_command
from bunker.cli.kinds import (
    PlanOptions,
    RunOptions,
    arguments_of,
    begin_run,
    reporter_of,
    request_of,
)
from bunker.cli.options import Options
from bunker.cli.values import Confirm, Diff, Verbose
from bunker.errors import BunkerError, ExitCode
from bunker.runs.kinds.deploy import DEPLOY


@operator_command(fields=(*DEPLOY.fields, *fields(PlanOptions)))
def plan(
    options: Options,
    *,
    out: Annotated[str | None, "file to save the plan in, for `invoke apply FILE`"] = None,
    **given: Any,
) -> ExitCode:
    """Show what a deploy would change; --out FILE saves it.

    Changes nothing. A saved plan holds no secrets, only keyed fingerprints; `invoke apply FILE`
    applies exactly it, or refuses when a host or the inputs have moved since.

    Examples:
      invoke plan --host north-1
      invoke plan --group canary --out tuesday.plan
      invoke apply tuesday.plan
    """
    planning = {one.name: given[one.name] for one in fields(PlanOptions)}
    shared = RunOptions(dry=True, **planning)
    if out is None:
        return begin_run(DEPLOY, options, given, shared)
    from bunker.workflows.deploy import save_plan

    request = request_of(DEPLOY, options, arguments_of(DEPLOY, given), shared)
    with reporter_of(DEPLOY, options, request) as reporter:
        return save_plan(request, Path(out), reporter)


@operator_command(select=False, fleet=False)
def apply(
    options: Options,
    file: Annotated[str, "a plan that `invoke plan --out FILE` saved"],
    verbose: Verbose = False,
    diff: Diff = False,
    confirm: Confirm = "",
) -> ExitCode:
    """Apply a saved plan exactly, or refuse it as stale.

    The plan names its own fleet and hosts. Every host is planned again; where that gives another
    plan than the saved one, nothing is changed on any host.

    Example:
      invoke apply tuesday.plan

    Exit codes: 0 done, 3 some hosts failed, 6 the plan is stale, 130 interrupted.
    """
    from bunker.workflows.deploy import apply_plan

    path = Path(file)
    named = replace(options, fleet_given=_fleet_of(path, options.root))
    request = request_of(
        DEPLOY, named, DEPLOY.make({}), RunOptions(verbose=verbose, diff=diff, confirm=confirm)
    )
    with reporter_of(DEPLOY, named, request) as reporter:
        return apply_plan(path, request, reporter)


def _fleet_of(file: Path, root: Path) -> str:
    """The fleet that a plan's file names, before its seal was checked: enough to find the key.

    The seal itself is checked with that key, and a file that is no plan is refused then.
    """
    from bunker.files import read_json
    from bunker.fleet import fleet_names
    from bunker.plan.store import MOST_BYTES

    try:
        content = read_json(file, most=MOST_BYTES)
    except (BunkerError, FileNotFoundError):
        return ""
    name = content.get("fleet") if isinstance(content, dict) else None
    return name if name in fleet_names(root) else ""
