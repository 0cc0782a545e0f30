"""From what the operator asked for to what a worker is told: checked before any host is touched."""

import os
import secrets as random
import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bunker.applications.asked import with_asked
from bunker.applications.of_host import (
    application_of,
    applications_of,
    key_of,
    rooms_of,
    secrets_of,
)
from bunker.errors import BunkerError, attempt, refuse
from bunker.fleet import Fleet, load_fleet
from bunker.fleet.applications import has_application, having, with_application
from bunker.fleet.models import Host
from bunker.fleet.pyinfra_data import host_data
from bunker.masking import Secret
from bunker.role import named
from bunker.runs.work import EVERYTHING, Work
from bunker.secrets import decrypt_hosts, operator_mac_key
from bunker.source import Source, resolve_commit
from bunker.suggest import perhaps
from deploys.roles import TAGS


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
    diff: bool = False
    confirmed: tuple[str, ...] = ()
    """Hosts that may lose data, as the operator named them."""
    debug: bool = False
    command: str = "invoke deploy"
    commits: Mapping[str, str] = field(default_factory=dict)
    """By host: what the ref named when a run began. Empty: the git server is asked."""

    @property
    def names_hosts(self) -> bool:
        """Whether every host was chosen by its own name."""
        patterns = any(sign in name for name in self.hosts for sign in "*?[")
        return bool(self.hosts) and not (self.groups or patterns)


@dataclass(frozen=True)
class Target:
    """One selected host with its secrets and the exact commits that it should run.

    ``commits`` are by the name of the application; empty where it cannot be known and the plan is
    made without it, none where no code is brought.
    """

    host: Host
    secrets: Mapping[str, Secret]
    commits: Mapping[str, str] = field(default_factory=dict)


def commits_of(targets: Iterable[Target]) -> dict[str, str]:
    """The known commits of all applications, by their names in the fleet."""
    return {
        key_of(target.host.name, name): commit
        for target in targets
        for name, commit in target.commits.items()
        if commit
    }


def select_targets(request: DeployRequest) -> tuple[Fleet, list[Target]]:
    """Load, select, decrypt, resolve and render for every selected host; all problems at once.

    Urgent work goes on with the hosts whose files and secrets can be read; ``Fleet.broken`` has the
    others.
    """
    unknown = sorted(set(request.work.parts) - set(TAGS))
    if unknown:
        raise BunkerError(
            f"unknown role {unknown[0]!r}",
            where="--role",
            expected=f"some of {', '.join(TAGS)}",
            remedy=perhaps(unknown[0], TAGS),
        )
    fleet = load_fleet(request.root, request.fleet_name, partial=True)
    if not (request.work.urgent or request.names_hosts):
        fleet.require_all(
            "A change of more than named hosts needs every file: correct them, or use --host NAME"
        )
    hosts = fleet.select(hosts=request.hosts, groups=request.groups, tags=request.tags)
    if request.work.of_applications:
        hosts = with_application(hosts, request.hosts, request.work.application)
    if request.work.application:
        _check_named(hosts, request.work.application)
    hosts = having(hosts, request.work.concerns, request.work.about, request.hosts)
    if request.work.one or request.work.asks:
        _check_named([host for host in hosts if has_application(host)], request.work.application)
    if request.work.asks:
        asked = (request.work.application, request.work.ref, request.work.settings)
        hosts = [with_asked(host, *asked) if has_application(host) else host for host in hosts]
    if not request.work.needs_secrets:
        return fleet, [Target(host, {}) for host in hosts]
    failed: dict[str, BunkerError] = {}
    opened = decrypt_hosts(
        fleet.folder, fleet.with_secrets(hosts), failed=failed if request.work.urgent else None
    )
    if failed:
        refuse("secrets could not be read", failed.values() if len(failed) == len(hosts) else ())
        fleet = fleet.without(failed)
        hosts = [host for host in hosts if host.name not in failed]
    secrets = {host.name: opened.get(host.name, {}) for host in hosts}
    commits: Mapping[str, str] = request.commits
    if request.work.needs_code and not commits:
        commits = _resolve_commits(fleet.root, hosts, secrets, request.work.application)
    targets = [Target(host, secrets[host.name], _by_name(host, commits)) for host in hosts]
    _check_rendering(targets, request.work.application)
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

    ``mac_key`` takes the place of the operator's, for a plan that is not compared with another.
    """
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
                "commits": dict(target.commits),
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


def _check_named(hosts: Sequence[Host], name: str) -> None:
    """Raise for every host on which it is not clear which application is meant."""
    meant = [attempt(application_of, host, name) for host in hosts]
    unclear = [one for one in meant if isinstance(one, BunkerError)]
    refuse("It is not clear which application is meant", unclear, single=True)


def _resolve_commits(
    root: Path, hosts: Sequence[Host], secrets: Mapping[str, Mapping[str, Secret]], application: str
) -> dict[str, str]:
    """The commit of every application, or of the one of that name; all problems at once."""
    answers = find_commits(root, hosts, secrets, application)
    problems = [answer for answer in answers.values() if isinstance(answer, BunkerError)]
    refuse("The wanted code cannot be found", dict.fromkeys(problems), single=True)
    return {name: answer for name, answer in answers.items() if isinstance(answer, str)}


def find_commits(
    root: Path,
    hosts: Sequence[Host],
    secrets: Mapping[str, Mapping[str, Secret]],
    application: str = "",
) -> dict[str, str | BunkerError]:
    """By application: the commit, or why it is not known. A git server is asked once per ref.

    With ``application`` those of that name alone.
    """
    sources = {
        one.key: attempt(
            Source.of, one.host, secrets_of(one.host, secrets.get(host.name, {})), root
        )
        for host in hosts
        for one in applications_of(host)
        if application in ("", one.name)
    }
    distinct = list(dict.fromkeys(one for one in sources.values() if isinstance(one, Source)))
    with ThreadPoolExecutor(max_workers=max(4, os.cpu_count() or 1)) as pool:
        commits = pool.map(lambda one: attempt(resolve_commit, one), distinct)
        found = dict(zip(distinct, commits, strict=True))
    return {key: found[one] if isinstance(one, Source) else one for key, one in sources.items()}


def _by_name(host: Host, commits: Mapping[str, str]) -> dict[str, str]:
    """The commits of one host's applications by their names there."""
    keys = {one.name: one.key for one in applications_of(host)}
    return {name: commits[key] for name, key in keys.items() if key in commits}


def _check_rendering(targets: Sequence[Target], application: str) -> None:
    """Render every host's files once before a connection is opened; those of an application alone
    where one is named."""
    rendered = [
        attempt(named(role.check), view, secrets_of(view, target.secrets))
        for target in targets
        for role, view in rooms_of(target.host)
        if role.check and not (role.port and application not in ("", view.application.name))
    ]
    problems = [problem for one in rendered if isinstance(one, BunkerError) for problem in one.each]
    refuse("The configuration cannot be rendered", problems)
