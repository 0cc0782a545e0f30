"""Scripts that change a host, as part of the run that is under way."""

from bunker import shell
from bunker.ops.context import current_run


def changing(script: str, **variables: str | int) -> str:
    """A script that changes the current host: serialised, and fenced off by another run's lease.

    To be called while a host is being prepared or a step of it runs.
    """
    return shell.changing(script, LEASE_RUN=current_run(), **variables)
