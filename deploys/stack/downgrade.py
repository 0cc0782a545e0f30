"""Older code in place of newer: said in the plan, refused unless asked for, and never across a
migration that the older code cannot live with."""

from pyinfra.context import ctx_host

from bunker.application.migrations import MigrationSafety
from bunker.applications.of_host import options_for
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.ops.facts import Answer, asked
from bunker.ops.instance import InstanceState
from bunker.ops.migrations import classify_pending
from bunker.shell import with_variables
from deploys.stack.stack import Stack


class LeftBehind(Answer[list[MigrationSafety]]):
    """The migrations that the code that runs has beyond an older commit, classified."""

    about = "its migrations"
    read = staticmethod(classify_pending)

    def command(  # type: ignore[override]
        self, script: str, directory: str, owner: str, commit: str
    ) -> str:
        return with_variables(script, DIRECTORY=directory, OWNER=owner, COMMIT=commit)


def downgrade_from(stack: Stack, host: Host, instance: InstanceState, commit: str) -> str:
    """The version that a deploy of an older commit replaces; empty where it is no downgrade.

    Raises BunkerError where older code was not asked for, and where a migration since then leaves
    it a database that it does not work with. Where nothing ever ran well, any version is asked for.
    """
    if not instance.older:
        return ""
    ran = instance.generation is not None
    now = str((instance.generation or {}).get("ref") or instance.head[:12])
    if ran and str(ctx_host.get().data.get("bunker_allow_downgrade") or "") != "yes":
        raise BunkerError(
            f"{host.application.ref} is older than {now}, which runs: this is a downgrade",
            where=host.name,
            remedy=f"Set application.ref to {now} in the host's file, roll back with"
            f" invoke rollback {options_for(host)}, or add --allow-downgrade",
        )
    application = host.application
    classified = asked(
        LeftBehind,
        script='cd "$DIRECTORY"\n' + stack.scripts("keep", "migrations", "downgrade"),
        directory=application.directory,
        owner=host.user,
        commit=commit,
    )
    unsafe = [f"{one.name} {'; '.join(one.reasons)}" for one in classified if not one.safe]
    if unsafe:
        raise BunkerError(
            f"{host.application.ref} cannot work with the database of {now}: {', '.join(unsafe)}",
            where=host.name,
            remedy=f"Roll back with the database of that time:"
            f" invoke rollback {options_for(host)} --restore"
            if ran
            else "Deploy a version in which what failed is fixed",
        )
    return now
