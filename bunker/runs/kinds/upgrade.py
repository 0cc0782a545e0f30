"""`invoke upgrade`: instances to a version, all at the same time."""

from dataclasses import dataclass

from bunker.runs.kind import ALLOW_DOWNGRADE, APP, NO_PIN, SET, Kind, argument
from bunker.runs.kinds.deploy import REF_HELP
from bunker.runs.work import CODE, Work


@dataclass(frozen=True)
class Arguments:
    """Of an upgrade, however it goes through the hosts."""

    ref: str = argument(REF_HELP)
    app: str = argument(APP)
    set: tuple[str, ...] = argument(SET, default=(), whole=True)
    no_pin: bool = argument(NO_PIN, default=False)
    allow_downgrade: bool = argument(ALLOW_DOWNGRADE, default=False)


def work(given: Arguments) -> Work:
    """One application alone."""
    return Work(
        parts=CODE,
        ref=given.ref or None,
        settings=given.set,
        application=given.app,
        one=True,
        downgrade=given.allow_downgrade,
    )


UPGRADE = Kind(
    name="upgrade",
    help="""Bring instances to a version, all at the same time.

    Fetches, pulls and builds everything first, takes a snapshot of the database, migrates, replaces
    the API without a failed request where the stack allows it, and asks the gates: containers
    healthy, /api/health, the version really live, the error log quiet. What fails is rolled back
    where the database allows it; else the choice is spelled out. If this machine or the
    connection dies, the host rolls back by itself.

    The version that a host reaches, and what --set says, is written into its file, so that the next
    deploy keeps it; --no-pin leaves the file as it is.

    For many hosts use `invoke rollout`.

    Examples:
      invoke upgrade --host north-1 --ref v2.1.0
      invoke upgrade --group canary --dry
      invoke upgrade --host north-1 --app wiki --set services.web.image=web:2

    Exit codes: 0 done or nothing to do, 3 some hosts failed, 4 rolled back, 5 held by another run,
    130 interrupted (prints how to resume).
    """,
    arguments=Arguments,
    work=work,
    undone=True,
    pins=True,
)
