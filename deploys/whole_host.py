"""All roles of one host, in their order."""

from bunker.applications.of_host import rooms_of
from bunker.errors import BunkerError, Problems, refuse
from bunker.ops.alone import failing_alone
from bunker.ops.context import current_host, wants, wants_application
from bunker.role import named


def whole_host() -> None:
    """Everything that the current host should be, limited to the tags that were asked for.

    Raises Problems with what every role refuses: an operator hears all of it at once, and nothing
    of a host is touched of which one role cannot be settled.
    """
    host = current_host()
    problems: list[BunkerError] = []
    for role, view in rooms_of(host):
        if wants(*role.tags) and (not role.port or wants_application(view)):
            try:
                named(role.deploy)(view)
            except Problems as error:
                problems += error.problems
            except BunkerError as error:
                problems.append(error)
    # What all roles want to know and cannot read is told once.
    once = {str(problem): problem for problem in problems}
    refuse("what has to be settled first", once.values(), single=True)


def site() -> None:
    """The same for a deploy file of pyinfra's own command line; a host that fails, fails alone."""
    with failing_alone():
        whole_host()
