"""`invoke configure`: environment and feature flags alone."""

from bunker.runs.kind import Kind
from bunker.runs.work import Work

CONFIGURE = Kind(
    name="configure",
    help="""Apply environment and feature flags alone; no new code.

    Only the services that read a changed value are recreated: one flipped flag restarts the API
    and nothing else. The plan says which. A change that does not pass its gates is rolled back.

    Examples:
      invoke configure --host north-1 --dry
      invoke configure --group changemaker --yes

    Exit codes: 0 done or nothing to do, 3 some hosts failed, 4 rolled back, 5 held by another run,
    130 interrupted.
    """,
    work=lambda _none: Work(parts=("env",)),
    undone=True,
)
