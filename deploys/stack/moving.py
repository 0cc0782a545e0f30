"""Moving the state of an application from where an older release kept it to its own folder."""

from collections.abc import Iterator, Mapping

from bunker.application.layout import Layout, app_folder
from bunker.errors import BunkerError, refuse
from bunker.ops.context import changing
from bunker.ops.recorder import recorder
from bunker.ops.step import Command, shell, step
from bunker.plan.changes import Change
from deploys.stack.armed import armed_files
from deploys.stack.stack import Stack


def check_layout(host: str, layout: Layout) -> Iterator[BunkerError]:
    """Why the state cannot be moved; nothing where it can, or where it is at its place."""
    for old, new in layout.twice:
        yield BunkerError(
            f"an older release of this tool has worked here again: there is {old} beside {new}",
            where=host,
            expected="one place for the state of an application",
            remedy=f"Use one release for this host, and put the older one's away: sudo mv {old}"
            f" {old}.older-release",
        )
    for old, new in layout.fixed:
        yield BunkerError(
            f"{old} cannot be renamed: it is a mount point or a relative link",
            where=host,
            expected="a folder, or an absolute link",
            remedy=f"Put it at {new} by hand, in the same way, as root alone",
        )


def move_state(stack: Stack, host: str, layout: Layout, variables: Mapping[str, str | int]) -> None:
    """Declare the step that moves it, where there is something to move.

    Raises Problems where it cannot be. ``variables`` are those of the rollback, with RUN and
    PLANNED: an armed change gets this release's scripts, as from any run that goes on with it.
    """
    refuse("the state of its application cannot be moved", check_layout(host, layout))
    if not layout.unmoved:
        return
    name = str(variables["APP_NAME"])
    folder = app_folder(name)
    recorder().change(Change(name, "state", "~", f"moved to {folder}", layout.unmoved))

    def commands() -> Iterator[Command]:
        text = stack.scripts("armed") + "as_planned\nrenew\n"
        text += stack.scripts("arm", "move", "move_armed")
        yield shell(changing(text, **variables), stdin=armed_files(stack, variables, ()))

    step(f"{name}: move its state to {folder}", commands)
