"""The order of roles on one host."""

from __future__ import annotations

from collections.abc import Callable

from bunker.errors import BunkerError, Problems
from bunker.fleet.models import Host
from bunker.ops.context import current_host, wants
from deploys.base import base
from deploys.changemaker import changemaker
from deploys.docker import docker


def whole_host() -> None:
    """Everything that the current host should be, limited to the tags that were asked for.

    Raises Problems with what every role refuses: an operator hears all of it at once, and nothing
    of a host is touched of which one role cannot be settled.
    """
    host = current_host()
    roles: dict[tuple[str, ...], Callable[[Host], None]] = {
        ("base",): base,
        ("docker",): docker,
        ("changemaker", "env"): changemaker,
    }
    problems: list[BunkerError] = []
    for tags, role in roles.items():
        if wants(*tags):
            try:
                role(host)
            except Problems as error:
                problems += error.problems
            except BunkerError as error:
                problems.append(error)
    # What all roles want to know and cannot read is told once.
    problems = list({str(problem): problem for problem in problems}.values())
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Problems("what has to be settled first", problems)
