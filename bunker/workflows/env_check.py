"""Comparing our environment table with the ``.env.example`` of the instances' own checkouts."""

import shlex
from collections.abc import Sequence
from typing import Any

from bunker.application.envcheck import EnvCheck, compare_with_example
from bunker.applications.of_host import application_of
from bunker.errors import BunkerError
from bunker.fleet import Fleet, Host
from bunker.remote import Remote, run_many
from bunker.role import named


def check_environments(fleet: Fleet, hosts: Sequence[Host]) -> dict[str, EnvCheck | BunkerError]:
    """What each application's example and its kind's table disagree on, or why that is not known.

    The hosts are as the applications see them.
    """
    remotes = [Remote.of(fleet, host) for host in hosts]
    answers = run_many(remotes, lambda host: f"cat -- {shlex.quote(_path(host))}", sudo=True)
    found: dict[str, EnvCheck | BunkerError] = {}
    for host in hosts:
        answer = answers[host.name]
        one = application_of(host, host.application.name)
        if not one.port.table:
            problem = f"{one.name} is of the kind {one.kind.name}, which has no environment table"
            found[host.name] = BunkerError(problem, where=host.name)
        elif isinstance(answer, BunkerError):
            found[host.name] = answer
        elif not answer.ok:
            found[host.name] = _not_there(fleet.name, host)
        else:
            where = f"{host.name}: {_path(host)}"
            try:
                found[host.name] = compare_with_example(
                    answer.stdout, named(one.port.table), where=where
                )
            except BunkerError as error:
                found[host.name] = error
    return found


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


def _not_there(fleet: str, host: Host) -> BunkerError:
    return BunkerError(
        "there is no .env.example to compare with",
        where=f"{host.name}: {_path(host)}",
        remedy=f"Deploy the instance first: invoke deploy --fleet {fleet} --host {host.name}",
    )
