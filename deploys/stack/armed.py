"""What an armed change leaves on the host, so that it can roll back without the controller."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pyinfra import logger
from pyinfra.api import FunctionCommand
from pyinfra.api.command import StringCommand

from bunker.answers import sections
from bunker.application.layout import app_folder
from bunker.application.migrations import MigrationSafety
from bunker.bundle import Bundle, BundleFile
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.ops.context import changing
from bunker.ops.facts import reading
from bunker.ops.migrations import classify_pending
from bunker.ops.place import archive
from bunker.ops.step import AS_ROOT, Command, shell
from bunker.rendering import as_it_is, render
from bunker.shell import CLEAN_SHELL, with_variables
from deploys.stack.stack import Stack

PROJECT: Final = ("common", "database", "front_door")
"""The scripts about what runs."""


def rollback_variables(host: Host, bundle: Bundle) -> dict[str, str | int]:
    """What the scripts of a rollback need to know of an instance."""
    return {
        "APP_NAME": host.application.name,
        "DIRECTORY": host.application.directory,
        "PROJECT": host.application.project,
        "OWNER": host.user,
        "TIMEOUT": host.application.health_timeout_seconds,
        "QUIET_SECONDS": host.application.quiet_seconds,
        "DEADMAN_SECONDS": host.application.deadman_seconds,
        "PLACED": placed(bundle),
    }


def placed(bundle: Bundle) -> str:
    """The paths that are placed, as the scripts take them."""
    return " ".join(file.path for file in bundle.files)


def armed_files(
    stack: Stack, variables: Mapping[str, str | int], unsafe: Sequence[MigrationSafety], **more: str
) -> str:
    """The archive of an armed change: how to roll back, when, and what speaks against it.

    ``unsafe`` are the migrations after which the code of before does not work.
    """
    name = str(variables["APP_NAME"])
    names = ("armed", "git", *PROJECT, "keep", "snapshot", "restore", "swap", "reload")
    functions, scripts = stack.scripts(*names), stack.scripts
    gates = f"gate() (\n{scripts('health')}\n)\nbring_up() (\n{scripts('up')}\n)\n"
    files = {
        "undo": with_variables(functions + gates + scripts("undo"), **variables),
        "deadman": with_variables(scripts("armed", "move", "deadman"), APP_NAME=name),
        "unsafe": unsafe_text(unsafe),
        "deadman.service": deadman_service(name),
        "deadman.timer": as_it_is("stack/deadman.timer").decode(),
        **more,
    }
    return archive([BundleFile(f"/{path}", text.encode()) for path, text in files.items()])


def deadman_service(name: str) -> str:
    """The unit that the timer of an application's dead-man's switch starts."""
    upgrade = f"{app_folder(name)}/upgrade"
    unit = render("stack/deadman.service", name=name, shell=CLEAN_SHELL, upgrade=upgrade)
    return unit.decode()


def unsafe_text(found: Sequence[MigrationSafety]) -> str:
    """One line a migration that is not schema-safe: its name, a tab, its reasons."""
    rows = [f"{one.name}\t{'; '.join(one.reasons)}" for one in found if not one.safe]
    return "".join(" ".join(row.split("\n")) + "\n" for row in rows)


def pending_question(stack: Stack, variables: Mapping[str, str | int]) -> str:
    """The script that tells what migrations the wanted commit brings; classify_pending reads it."""
    names = (*PROJECT, "keep", "migrations", "pending")
    text = stack.scripts("armed") + "as_planned\n" + stack.scripts(*names)
    return with_variables(text, **variables)


def protect(
    stack: Stack,
    variables: Mapping[str, str | int],
) -> Callable[[], Iterator[Command]]:
    """The commands of the step that prepares the rollback, before anything is changed."""

    def commands() -> Iterator[Command]:
        found: list[MigrationSafety] = []
        yield FunctionCommand(_classify_pending, (pending_question(stack, variables), found), {})
        text = changing(
            stack.scripts("armed")
            + "as_planned\n"
            + stack.scripts("before_switch", *PROJECT, "keep", "snapshot", "arm", "protect"),
            **variables,
        )
        yield shell(text, stdin=armed_files(stack, variables, found))

    return commands


def _classify_pending(state: Any, host: Any, question: str, found: list[MigrationSafety]) -> bool:
    """Ask which migrations the wanted commit brings, and classify them."""
    del state
    answered, output = host.run_shell_command(
        StringCommand(question), **AS_ROOT, print_output=False
    )
    if not answered:
        for line in output.stderr_lines:
            logger.error(f"{host.print_prefix}{line}")
        return False
    try:
        with reading("its migrations"):
            found += classify_pending(sections(output.stdout_lines))
    except BunkerError as error:
        logger.error(f"{host.print_prefix}{error}")
        return False
    return True
