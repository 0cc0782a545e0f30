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
    from bunker.terminal.lines import Line

    if shell not in SCRIPTS:
        raise BunkerError(f"there is no completion for {shell!r}", expected=", ".join(SCRIPTS))
    text = script(shell)
    # A script is no text for people, whose lines a terminal may break.
    lines = [Line(line, quoted=True) for line in text.rstrip("\n").split("\n")]
    options.answer({"shell": shell, "script": text}, lines)
