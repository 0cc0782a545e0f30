"""`invoke deploy`: hosts to what their files say."""

from dataclasses import dataclass
from typing import Final

from bunker.runs.kind import ALLOW_DOWNGRADE, SET, Kind, argument
from bunker.runs.work import Work
from deploys.roles import TAGS

REF_HELP: Final = "branch, tag or commit of the application, instead of what the host's file says"


@dataclass(frozen=True)
class Arguments:
    """``role`` names roles, and parts of roles."""

    role: tuple[str, ...] = argument(
        f"only these roles or parts: {', '.join(TAGS)} (comma list); default: everything",
        default=(),
    )
    ref: str = argument(REF_HELP)
    app: str = argument("of the host's applications only this one, by its name there; default: all")
    set: tuple[str, ...] = argument(SET, default=(), whole=True)
    allow_downgrade: bool = argument(ALLOW_DOWNGRADE, default=False)


def work(given: Arguments) -> Work:
    """The whole host, or some roles of it."""
    return Work(
        parts=given.role,
        ref=given.ref or None,
        settings=given.set,
        application=given.app,
        downgrade=given.allow_downgrade,
    )


DEPLOY = Kind(
    name="deploy",
    help="""Bring hosts to what their files say: plan, ask, apply.

    Plans every chosen host first and changes nothing while doing so. Shows what would change, with
    secrets masked, and asks. Then applies it host by host in parallel; a host that fails leaves the
    others running. Running it again changes nothing; after an interruption it goes on. Code that is
    older than what a host runs is refused, unless --allow-downgrade says that it is meant.

    Without a terminal it refuses unless --yes is given. Ctrl-C lets every host finish its step,
    a second Ctrl-C stops at once.

    Examples:
      invoke deploy --host north-1
      invoke deploy --host north-1 --dry
      invoke deploy --group canary --role base,docker --yes
      invoke deploy --host 'north-*' --ref v2.1

    Exit codes: 0 done or nothing to do, 1 error, 2 changes found (--dry --detailed-exitcode),
    3 some hosts failed, 4 rolled back, 5 held by another run, 130 interrupted.
    """,
    arguments=Arguments,
    work=work,
    undone=True,
    keeps_ref=False,
)
