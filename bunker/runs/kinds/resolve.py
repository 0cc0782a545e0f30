"""`invoke schema.resolve`: a migration that failed half-way is recorded as settled."""

from dataclasses import dataclass

from bunker.runs.kind import APP, Kind, argument
from bunker.runs.work import Work


@dataclass(frozen=True)
class Arguments:
    """``how`` says what was done with what the migration had left behind."""

    how: str = argument(
        "rolled-back (default: what it left was undone, it is to be applied again) or applied"
        " (what was missing was done by hand)",
        choices=("rolled-back", "applied"),
        default="rolled-back",
    )
    migration: str = argument("name of the migration (default: the one that failed)")
    app: str = argument(APP)


def work(given: Arguments) -> Work:
    """A role of its own."""
    data = {"bunker_how": given.how, "bunker_migration": given.migration}
    return Work("deploys.resolve:resolve", data, application=given.app, one=True)


RESOLVE = Kind(
    name="schema.resolve",
    help="""Record how a migration that failed half-way was settled.

    Prisma applies no migration while one stands that failed half-way (P3009). First look at what it
    left behind (`invoke logs --host NAME --service v2-postgres`, the migration's SQL) and undo or
    complete that in the database; then say so here, and upgrade again. Changes one row of Prisma's
    own table and nothing else. `invoke status` shows such a migration until it is settled.

    Examples:
      invoke schema.resolve --host north-1
      invoke schema.resolve --host north-1 --how applied --migration 20250310090000_drop

    Exit codes: 0 done or nothing to do, 3 failed, 5 held by another run, 130 interrupted.
    """,
    arguments=Arguments,
    work=work,
    windows=False,
    approval=False,
)
