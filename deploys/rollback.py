"""Back to an earlier generation: `bunker_to`, `bunker_of_run` and `bunker_restore` say which."""

from __future__ import annotations

from bunker.applications.of_host import applications_of
from bunker.errors import BunkerError, refuse
from bunker.ops.context import current_host, wants_application
from bunker.role import named


def rollback() -> None:
    """Roll the current host's applications back, each by its kind; or refuse, with all reasons.

    The one that ``bunker_application`` names, else all: of those only what ``bunker_of_run`` had
    changed is rolled back, and a generation can only be named where there is one application.
    """
    problems: list[BunkerError] = []
    for one in applications_of(current_host()):
        if wants_application(one.host):
            try:
                named(one.port.rollback)(one.host)
            except BunkerError as error:
                problems += error.each
    refuse("what cannot be rolled back", problems, single=True)
