"""completion."""

from typing import Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.errors import BunkerError


@operator_command(select=False, fleet=False)
def completion(options: Options, shell: Annotated[str, "bash, zsh or fish"]) -> None:
    """Print a script that lets a shell complete commands.

    It completes commands, options, and names: hosts, groups, tags, roles, fleets and runs. In
    folders that are no fleet it leaves the shell to complete files.

    Examples:
      invoke completion bash > ~/.local/share/bash-completion/completions/invoke
      invoke completion zsh > ~/.zfunc/_invoke
      invoke completion fish > ~/.config/fish/completions/invoke.fish
    """
    from bunker.completion.shells import SCRIPTS, script

    if shell not in SCRIPTS:
        raise BunkerError(f"there is no completion for {shell!r}", expected=", ".join(SCRIPTS))
    text = script(shell)
    options.answer({"shell": shell, "script": text}, text.rstrip("\n"))
