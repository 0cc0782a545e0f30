"""Comparing our environment table with the ``.env.example`` of the instances' own checkouts."""

import shlex
from collections.abc import Sequence
from typing import Any

from bunker.application.envcheck import EnvCheck, compare_with_example
from bunker.applications.of_host import application_of
from bunker.errors import BunkerError, attempt
from bunker.fleet import Fleet, Host
from bunker.remote import Completed, Remote, run_many
from bunker.role import named


def check_environments(fleet: Fleet, hosts: Sequence[Host]) -> dict[str, EnvCheck | BunkerError]:
    """What each application's example and its kind's table disagree on, or why that is not known.

    The hosts are as the applications see them.
    """
    remotes = [Remote.of(fleet, host) for host in hosts]
    answers = run_many(remotes, lambda host: f"cat -- {shlex.quote(_path(host))}", sudo=True)
    return {host.name: attempt(_compared, fleet.name, host, answers[host.name]) for host in hosts}


def _compared(fleet: str, host: Host, answer: Completed | BunkerError) -> EnvCheck:
    one, where = application_of(host, host.application.name), f"{host.name}: {_path(host)}"
    if not one.port.table:
        problem = f"{one.name} is of the kind {one.kind.name}, which has no environment table"
        raise BunkerError(problem, where=host.name)
    if isinstance(answer, BunkerError):
        raise answer
    if not answer.ok:
        raise BunkerError(
            "there is no .env.example to compare with",
            where=where,
            remedy=f"Deploy the instance first: invoke deploy --fleet {fleet} --host {host.name}",
        )
    return compare_with_example(answer.stdout, named(one.port.table), where=where)


def env_check_json(found: EnvCheck | BunkerError) -> dict[str, Any]:
    if isinstance(found, BunkerError):
        return {"agrees": None, "error": str(found)}
    return {
        "agrees": found.agrees,
        "missing": list(found.missing),
        "unknown": list(found.unknown),
        "changed": [vars(item) for item in found.changed],
    }


def _path(host: Host) -> str:
    return f"{host.application.directory}/.env.example"
