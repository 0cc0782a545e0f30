"""`invoke configure`: environment and feature flags alone."""

from bunker.runs.kind import Kind, NoArguments
from bunker.runs.work import Work


def work(_given: NoArguments) -> Work:
    """The part of the whole host that writes the environment."""
    return Work(parts=("env",))


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
    work=work,
    undone=True,
)
