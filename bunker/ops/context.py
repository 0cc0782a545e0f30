"""What a role may know of its host: the validated object, its secrets, the commit it should run.

The worker hands these over in memory. Under pyinfra's own command line, where there is no
worker, they are looked up when a role first asks: only for hosts that pyinfra targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pyinfra.context import ctx_host

from bunker.fleet import host_from_data
from bunker.fleet.models import Host
from bunker.masking import Secret
from bunker.ops.facts import require
from bunker.ops.recorder import RECORDER, name_of
from bunker.ops.step import AS_ROOT
from bunker.ops.system import System, SystemState
from bunker.ops.terminal_guard import guard_terminal
from bunker.source import Source, resolve_commit

_SECRETS: dict[str, Mapping[str, Secret]] = {}
_COMMITS: dict[str, str] = {}
_RUN: dict[str, str] = {}
_SYSTEMS: dict[str, SystemState] = {}


def hand_over(name: str, secrets: Mapping[str, Secret], commit: str | None, run_id: str) -> None:
    """Give a host's secrets and resolved commit to this process, before roles are prepared."""
    _SECRETS[name] = secrets
    RECORDER.redact.add(secrets.values())
    if commit is not None:
        _COMMITS[name] = commit
    _RUN[name] = run_id


def current_host() -> Host:
    """The host that is being prepared, validated."""
    host = ctx_host.get()
    return host_from_data(name_of(host), host.data.dict())


def current_secrets() -> Mapping[str, Secret]:
    """Secrets of the host that is being prepared."""
    name = name_of(ctx_host.get())
    if name not in _SECRETS:
        from bunker.secrets import decrypt_hosts  # noqa: PLC0415 - only without a worker

        folder = Path(ctx_host.get().data.bunker_fleet_folder)
        _SECRETS[name] = decrypt_hosts(folder, [name])[name]
        RECORDER.redact.add(_SECRETS[name].values())
        guard_terminal(RECORDER.redact)
    return _SECRETS[name]


def current_commit(host: Host) -> str:
    """The exact commit that the host's wanted ref names; "" in a plan that is made without it."""
    if host.name not in _COMMITS:
        _COMMITS[host.name] = _resolve(Source.of(host, current_secrets()))
    return _COMMITS[host.name]


@cache
def _resolve(source: Source) -> str:
    return resolve_commit(source)


def current_system() -> SystemState:
    """The host's operating system, asked once per run: several roles want to know."""
    name = name_of(ctx_host.get())
    if name not in _SYSTEMS:
        fact = ctx_host.get().get_fact(System, user=current_host().user, **AS_ROOT)
        _SYSTEMS[name] = require(fact, "its operating system")
    return _SYSTEMS[name]


def current_run() -> str:
    """Id of the run that applies this, for the generation record."""
    return _RUN.get(name_of(ctx_host.get()), "pyinfra")


def wants(*tags: str) -> bool:
    """Whether this run was limited to other tags; no limit means everything."""
    chosen = ctx_host.get().data.get("bunker_tags") or ""
    selected = {tag.strip() for tag in str(chosen).split(",") if tag.strip()}
    return not selected or bool(selected & set(tags))
