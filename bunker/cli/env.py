"""env.check."""

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.cli.values import App
from bunker.errors import BunkerError, ExitCode


@operator_command()
def check(options: Options, app: App = "") -> ExitCode:
    """Compare our environment table with a host's .env.example.

    Reads the one of the instance's own checkout. Names keys that the application knows and we do
    not, keys that we write and it does not know, and defaults that differ. Changes nothing.

    Examples:
      invoke env.check --host north-1
      invoke env.check --group canary --json

    Exit codes: 0 they agree, 1 they differ or cannot be compared.
    """
    from bunker.terminal.env_text import env_check_lines
    from bunker.workflows.env_check import check_environments, env_check_json

    found = check_environments(*options.select_applications(app))
    answer = {host: env_check_json(outcome) for host, outcome in found.items()}
    options.answer(answer, env_check_lines(found))
    agree = all(not isinstance(item, BunkerError) and item.agrees for item in found.values())
    return ExitCode.OK if agree else ExitCode.ERROR
