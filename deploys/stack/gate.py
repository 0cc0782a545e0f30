"""The gate of a Compose project after its host has booted."""

from bunker.fleet.models import Host
from bunker.ops.context import changing
from deploys.stack.armed import PROJECT
from deploys.stack.stack import Stack


def gate_after_boot(stack: Stack, host: Host) -> str:
    """A script that waits until it is healthy again; what it needs to know is on the host.

    Where nothing was ever deployed there is nothing to wait for.
    """
    return changing(
        stack.scripts("armed", *PROJECT, "after_boot", "health"),
        APP_NAME=host.application.name,
        DIRECTORY=host.application.directory,
        PROJECT=host.application.project,
        TIMEOUT=host.application.health_timeout_seconds,
    )
