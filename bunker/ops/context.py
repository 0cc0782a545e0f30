"""What a role may know of its host: the validated object, its secrets, the commit it should run.

The worker hands these over in memory. Under pyinfra's own command line, where there is no
worker, they are looked up when a role first asks: only for hosts that pyinfra targets.
"""

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pyinfra.context import ctx_host

from bunker import shell
from bunker.applications.of_host import secrets_of
from bunker.fleet import host_from_data
from bunker.fleet.models import Host
from bunker.folder_source import FolderCommit, commit_of, folder_of
from bunker.masking import Secret
from bunker.ops.clock import clock_note
from bunker.ops.facts import asked
from bunker.ops.recorder import name_of, recorder
from bunker.ops.system import System, SystemState
from bunker.ops.terminal_guard import guard_terminal
from bunker.role import named
from bunker.source import Source, resolve_commit
from deploys.roles import needs_vault


def current_host() -> Host:
    """The host that is being prepared, validated."""
    host = ctx_host.get()
    return host_from_data(name_of(host), host.data.dict())


def current_secrets() -> Mapping[str, Secret]:
    """Secrets of the host that is being prepared."""
    given = recorder().given
    if given.secrets is None:
        host = current_host()
        folder = Path(ctx_host.get().data.bunker_fleet_folder)
        there = needs_vault(host) or (folder / f"{host.name}.sops.yml").is_file()
        # Named: a worker is given its secrets, and needs no sops.
        opened = named("bunker.secrets:decrypt_hosts")(folder, [host.name]) if there else {}
        given.secrets = opened.get(host.name, {})
        recorder().redact.add(given.secrets.values())
        guard_terminal(recorder().redact)
    return given.secrets


def current_commit(host: Host) -> str:
    """The exact commit that the host's wanted ref names; "" in a plan that is made without it."""
    commits, name = recorder().given.commits, host.application.name
    commit = commits.get(name)
    if commit is None:
        source = Source.of(host, secrets_of(host, current_secrets()), _fleet_root())
        commit = commits[name] = _resolve(source)
    return commit


def code_of_fleet(host: Host) -> FolderCommit | None:
    """Files of the fleet as code; None where a server has it.

    Raises BunkerError where the files cannot be brought to a host.
    """
    name = host.application.files_of_fleet
    if not name:
        return None
    return commit_of(folder_of(_fleet_root(), name), f"files/{name}")


def _fleet_root() -> Path:
    return Path(ctx_host.get().data.bunker_fleet_folder).parents[1]


@cache
def _resolve(source: Source) -> str:
    return resolve_commit(source)


def current_system() -> SystemState:
    """The host's operating system, asked once per run: several roles want to know."""
    given = recorder().given
    if given.system is None:
        began = time.time()
        given.system = asked(System, user=current_host().user)
        if note := clock_note(given.system.clock, began, time.time()):
            recorder().note("base", note)
    found: SystemState = given.system
    return found


def current_run() -> str:
    """Id of the run that applies this, for the generation record."""
    return recorder().given.run


def wants_application(host: Host) -> bool:
    """Whether this run is about the application that this host is seen by."""
    chosen = str(ctx_host.get().data.get("bunker_application") or "")
    return not chosen or chosen == host.application.name


def wants(*tags: str) -> bool:
    """Whether this run was limited to other tags; no limit means everything."""
    chosen = ctx_host.get().data.get("bunker_tags") or ""
    selected = {tag.strip() for tag in str(chosen).split(",") if tag.strip()}
    return not selected or bool(selected & set(tags))


def changing(script: str, **variables: str | int) -> str:
    """A script that changes the current host: serialised, and fenced off by another run's lease.

    To be called while a host is being prepared or a step of it runs.
    """
    return shell.changing(script, LEASE_RUN=current_run(), **variables)
