"""deploy, plan and apply."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bunker.cli.command import operator_command
from bunker.cli.options import Options, words
from bunker.cli.run_options import HELP as RUN_HELP
from bunker.cli.run_options import common
from bunker.errors import BunkerError, ExitCode

if TYPE_CHECKING:
    from bunker.terminal.reporter import ClosingReporter
    from bunker.workflows.request import DeployRequest

HELP = {
    "tags": "only these parts: base, docker, env, changemaker (comma list); default: everything",
    "ref": "branch, tag or commit of the application, instead of what the host's file says",
    "dry": "show the plan and stop",
    "detailed-exitcode": "with a plan that holds changes, end with exit code 2 instead of 0",
    "verbose": "show every step's output",
    "out": "file to save the plan in, for `invoke apply FILE`",
    "file": "a plan that `invoke plan --out FILE` saved",
}


@operator_command(
    help={
        **{key: HELP[key] for key in ("tags", "ref", "dry", "detailed-exitcode", "verbose")},
        **{key: RUN_HELP[key] for key in ("wait", "detach", "approve")},
    },
    iterable=("tags",),
)
def deploy(
    options: Options,
    *,
    tags: list[str],
    ref: str = "",
    dry: bool = False,
    detailed_exitcode: bool = False,
    verbose: bool = False,
    wait: str = "",
    detach: bool = False,
    approve: str = "",
) -> ExitCode:
    """Bring hosts to what their files say: plan, ask, apply.

    Plans every chosen host first and changes nothing while doing so. Shows what would change, with
    secrets masked, and asks. Then applies it host by host in parallel; a host that fails leaves the
    others running. Running it again changes nothing; after an interruption it goes on.

    Without a terminal it refuses unless --yes is given. Ctrl-C lets every host finish its step,
    a second Ctrl-C stops at once.

    Examples:
      invoke deploy --host north-1
      invoke deploy --host north-1 --dry
      invoke deploy --group canary --tags base,docker --yes
      invoke deploy --host 'north-*' --ref v2.1

    Exit codes: 0 done or nothing to do, 1 error, 2 changes found (--dry --detailed-exitcode),
    3 some hosts failed, 4 rolled back, 5 held by another run, 130 interrupted.
    """
    from bunker.workflows.deploy import run_deploy  # noqa: PLC0415 - keeps `--list` fast

    request = _request(options, tags, ref, detailed_exitcode, verbose, dry=dry)
    with _reporter(options, request) as reporter:
        return run_deploy(request, reporter, **common(wait, detach, approve))


@operator_command(
    help={key: HELP[key] for key in ("tags", "ref", "out", "detailed-exitcode", "verbose")},
    iterable=("tags",),
)
def plan(
    options: Options,
    *,
    tags: list[str],
    ref: str = "",
    out: str | None = None,
    detailed_exitcode: bool = False,
    verbose: bool = False,
) -> ExitCode:
    """Show what a deploy would change; --out FILE saves it.

    Changes nothing. A saved plan holds no secrets, only keyed fingerprints; `invoke apply FILE`
    applies exactly it, or refuses when a host or the inputs have moved since.

    Examples:
      invoke plan --host north-1
      invoke plan --group canary --out tuesday.plan
      invoke apply tuesday.plan
    """
    from bunker.workflows.deploy import run_deploy, save_plan  # noqa: PLC0415

    request = _request(options, tags, ref, detailed_exitcode, verbose, dry=True)
    with _reporter(options, request) as reporter:
        if out is not None:
            return save_plan(request, Path(out), reporter)
        return run_deploy(request, reporter)


@operator_command(
    select=False,
    fleet=False,
    positional=("file",),
    help={key: HELP[key] for key in ("file", "verbose")},
)
def apply(options: Options, file: str, verbose: bool = False) -> ExitCode:
    """Apply a saved plan exactly, or refuse it as stale.

    The plan names its own fleet and hosts. Every host is planned again; where that gives another
    plan than the saved one, nothing is changed on any host.

    Example:
      invoke apply tuesday.plan

    Exit codes: 0 done, 3 some hosts failed, 6 the plan is stale, 130 interrupted.
    """
    from bunker.workflows.deploy import apply_plan  # noqa: PLC0415

    path = Path(file)
    named = replace(options, fleet_given=_fleet_of(path, options.root))
    request = _request(named, [], "", False, verbose, dry=False)
    with _reporter(named, request) as reporter:
        return apply_plan(path, request, reporter)


def _fleet_of(file: Path, root: Path) -> str:
    """The fleet that a plan's file names, before its seal was checked: enough to find the key.

    The seal itself is checked with that key, and a file that is no plan is refused then.
    """
    from bunker.files import read_json  # noqa: PLC0415
    from bunker.fleet import fleet_names  # noqa: PLC0415
    from bunker.plan.store import MOST_BYTES  # noqa: PLC0415

    try:
        content = read_json(file, most=MOST_BYTES)
    except (BunkerError, FileNotFoundError):
        return ""
    name = content.get("fleet") if isinstance(content, dict) else None
    return name if name in fleet_names(root) else ""


def _request(
    options: Options,
    tags: list[str],
    ref: str,
    detailed_exitcode: bool,
    verbose: bool,
    *,
    dry: bool,
) -> DeployRequest:
    from bunker.workflows.request import DeployRequest  # noqa: PLC0415

    if tags and not words(tags):
        raise BunkerError("--tags names nothing", expected="some of base, docker, env, changemaker")
    return DeployRequest(
        root=options.root,
        fleet_name=options.fleet_name,
        hosts=options.hosts,
        groups=options.groups,
        tags=options.tags,
        tags_wanted=words(tags),
        ref=ref or None,
        dry=dry,
        yes=options.yes,
        detailed_exitcode=detailed_exitcode,
        verbose=verbose,
        debug=options.debug,
    )


def _reporter(options: Options, request: DeployRequest) -> ClosingReporter:
    from bunker.terminal.reporter import make_reporter  # noqa: PLC0415

    more = ["--tags", ",".join(request.tags_wanted)] if request.tags_wanted else []
    more += ["--ref", request.ref] if request.ref else []
    repeat = options.repeat("invoke deploy", *more)
    if request.ref:
        repeat = replace(repeat, way_back=options.repeat().deploy)
    return make_reporter(
        json=options.json,
        verbose=request.verbose,
        yes=options.yes,
        repeat=repeat,
    )
