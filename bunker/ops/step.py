"""A step: the one operation that every role's change goes through."""

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Final, TypeAlias

from pyinfra.api import StringCommand, operation

from bunker.ops.recorder import recorder
from bunker.shell import CLEAN_SHELL

AS_ROOT: Final[Mapping[str, Any]] = {"_sudo": True, "_shell_executable": CLEAN_SHELL}
"""How pyinfra runs whatever is run as root."""

Command: TypeAlias = Any
"""A StringCommand or a FunctionCommand of pyinfra, whose own types are not checkable."""


Commands: TypeAlias = Iterable[Command] | Callable[[], Iterable[Command]]


@operation()
def run(commands: Commands) -> Generator[Command, None, None]:
    """Run commands that a role decided on while it prepared.

    They are decided before, so that what is applied is what the plan showed, and nothing is
    read twice.
    """
    yield from commands() if callable(commands) else commands


def step(name: str, commands: Commands) -> None:
    """Declare one named step of the current host; its name is what an operator sees.

    A function in place of the commands is called when the step runs: archives and long scripts
    of a whole fleet are not built only to be planned.
    """
    recorder().current().steps.append(name)
    run(commands, name=name, **AS_ROOT)


def shell(script: str, *, stdin: str | None = None) -> Command:
    """One remote command. Secret material goes through ``stdin``, never into the script."""
    if stdin is None:
        return StringCommand(script)
    return StringCommand(script, _stdin=stdin)
