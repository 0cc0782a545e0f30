"""From what the operator asked for to what a worker is told: checked before any host is touched."""

from __future__ import annotations

import os
import secrets as random
import shlex
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError, Problems
from bunker.fleet import Fleet, load_fleet
from bunker.fleet.models import Host
from bunker.fleet.pyinfra_data import host_data
from bunker.masking import Secret
from bunker.role import named
from bunker.runs.work import EVERYTHING, Work
from bunker.source import Source, resolve_commit
from bunker.values import GitRef, checked
from deploys.roles import TAGS, roles_of


@dataclass(frozen=True)
class DeployRequest:
    """What an operator asked for on the command line."""

    root: Path
    fleet_name: str
    hosts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    work: Work = EVERYTHING
    words: tuple[str, ...] = ()
    """What was asked of the work, as it is given on a command line."""
    dry: bool = False
    yes: bool = False
    detailed_exitcode: bool = False
    verbose: bool = False
    debug: bool = False
    command: str = "invoke deploy"
    commits: Mapping[str, str] = field(default_factory=dict)
    """By host: what the ref named when a run began. Empty: the git server is asked."""


@dataclass(frozen=True)
class Target:
    """One selected host with its secrets and the exact commit it should run."""

    host: Host
    secrets: Mapping[str, Secret]
    commit: str | None
    """Empty where it cannot be known and the plan is made without it."""


def select_targets(request: DeployRequest) -> tuple[Fleet, list[Target]]:
    """Load, select, decrypt, resolve and render for every selected host; all problems at once."""
    unknown = sorted(set(request.work.parts) - set(TAGS))
    if unknown:
        raise BunkerError(
            f"unknown tag {unknown[0]!r}", where="--tags", expected=f"some of {', '.join(TAGS)}"
        )
    fleet = load_fleet(request.root, request.fleet_name)
    hosts = fleet.select(hosts=request.hosts, groups=request.groups, tags=request.tags)
    if request.work.ref:
        hosts = [_with_ref(host, request.work.ref) for host in hosts]
    if not request.work.needs_secrets:
        return fleet, [Target(host, {}, None) for host in hosts]
    from bunker.secrets import decrypt_hosts  # noqa: PLC0415 - only where secrets are needed

    secrets = decrypt_hosts(fleet.folder, [host.name for host in hosts])
    commits: Mapping[str, str] = request.commits
    if request.work.needs_code and not commits:
        commits = _resolve_commits(hosts, secrets)
    targets = [Target(host, secrets[host.name], commits.get(host.name)) for host in hosts]
    _check_rendering(targets)
    return fleet, targets


def worker_request(
    request: DeployRequest,
    fleet: Fleet,
    targets: Sequence[Target],
    run_id: str,
    *,
    mac_key: bytes = b"",
) -> dict[str, Any]:
    """The message that starts a worker. It holds secrets: it only ever goes through a pipe.

    ``mac_key`` takes the place of the operator's, for a plan that nobody compares with another.
    """
    from bunker.secrets import operator_mac_key  # noqa: PLC0415 - only where a worker starts

    return {
        "run_id": run_id,
        "deploy": request.work.role,
        "tags": ",".join(request.work.parts),
        "verbose": request.verbose,
        "debug": request.debug,
        "fingerprint_key": (mac_key or operator_mac_key()).hex(),
        "hosts": [
            {
                "name": target.host.name,
                "groups": list(target.host.groups),
                "data": {**host_data(fleet, target.host), **request.work.host_data},
                "secrets": {key: value.reveal() for key, value in target.secrets.items()},
                "commit": target.commit,
            }
            for target in targets
        ],
    }


def apply_command(request: DeployRequest) -> str:
    """The command line that carries out what was planned."""
    words = ["--fleet", request.fleet_name]
    for flag, values in (
        ("--host", request.hosts),
        ("--group", request.groups),
        ("--tag", request.tags),
    ):
        words += [word for value in values for word in (flag, value)]
    return shlex.join([*request.command.split(), *words, *request.words])


def new_run_id() -> str:
    """An id that sorts by time and does not repeat."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{random.token_hex(2)}"


def _with_ref(host: Host, ref: str) -> Host:
    wanted = checked(GitRef, ref, "--ref")
    application = host.application.model_copy(update={"ref": wanted})
    return host.model_copy(update={"application": application})


def _resolve_commits(
    hosts: Sequence[Host], secrets: Mapping[str, Mapping[str, Secret]]
) -> dict[str, str]:
    """The commit of every host; all problems at once."""
    answers = find_commits(hosts, secrets)
    problems = [answer for answer in answers.values() if isinstance(answer, BunkerError)]
    if problems:
        raise Problems("The wanted code cannot be found", dict.fromkeys(problems))
    return {name: answer for name, answer in answers.items() if isinstance(answer, str)}


def find_commits(
    hosts: Sequence[Host], secrets: Mapping[str, Mapping[str, Secret]]
) -> dict[str, str | BunkerError]:
    """By host: the commit, or why it is not known. Each git server is asked once per ref."""
    sources: dict[str, Source] = {}
    answers: dict[str, str | BunkerError] = {}
    for host in hosts:
        try:
            sources[host.name] = Source.of(host, secrets[host.name])
        except BunkerError as error:
            answers[host.name] = error
    distinct = list(dict.fromkeys(sources.values()))

    def resolve(source: Source) -> str | BunkerError:
        try:
            return resolve_commit(source)
        except BunkerError as error:
            return error

    with ThreadPoolExecutor(max_workers=max(4, os.cpu_count() or 1)) as pool:
        found = dict(zip(distinct, pool.map(resolve, distinct), strict=True))
    return answers | {name: found[source] for name, source in sources.items()}


def _check_rendering(targets: Sequence[Target]) -> None:
    """Render every host's files once before a connection is opened."""
    problems: list[BunkerError] = []
    for target, role in ((one, role) for one in targets for role in roles_of(one.host)):
        try:
            if role.check:
                named(role.check)(target.host, target.secrets)
        except Problems as error:
            problems += error.problems
        except BunkerError as error:
            problems.append(error)
    if problems:
        raise Problems("The configuration cannot be rendered", problems)
