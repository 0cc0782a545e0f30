"""notify.test and notify.secret."""

from typing import Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.errors import BunkerError, ExitCode
from bunker.terminal.lines import table


@operator_command(select=False)
def test(options: Options) -> ExitCode:
    """Send a test message to every notification target.

    The targets are those of the fleet's fleet.settings.yaml, whatever events they want.

    Examples:
      invoke notify.test
      invoke notify.test --fleet production --json

    Exit codes: 0 every target has it, 1 some have not.
    """
    from bunker.notify import Message, open_dispatcher

    _folder, fleet = options.fleet_folder, options.fleet_name
    text = "This is a test: messages about runs of this fleet will arrive here."
    message = Message(f"{fleet}: test of notifications", text, text, priority=2)
    deliveries = open_dispatcher(options.root, fleet).send_to_all(message)
    if not (deliveries or options.json):
        raise BunkerError(
            f"the fleet {fleet} has no notification targets",
            remedy="Name them in fleet.settings.yaml (docs/notifications.md)",
        )
    answer = {"fleet": fleet, "deliveries": [vars(item) for item in deliveries]}
    rows = [
        (item.target, item.kind, "sent" if item.ok else f"failed: {item.reason}")
        for item in deliveries
    ]
    options.answer(answer, table(("TARGET", "KIND", "OUTCOME"), rows))
    return ExitCode.OK if all(item.ok for item in deliveries) else ExitCode.ERROR


@operator_command(select=False)
def secret(
    options: Options, name: Annotated[str, "name of the secret, as the settings have it"]
) -> None:
    """Store a token, password or address of a target.

    From a prompt or a pipe: the value is never an argument, arguments show in the process list.

    Examples:
      invoke notify.secret OPS_GOTIFY_TOKEN
      invoke notify.secret OPS_WEBHOOK < webhook_address
    """
    from bunker.cli.secret_value import read_value
    from bunker.notify import store_secret
    from bunker.notify.secrets import refuse_unknown

    folder = options.fleet_folder
    wanted = [key for target in options.settings.notifications for key in target.secret_names]
    refuse_unknown(name, wanted)
    changed = store_secret(folder, name, read_value(name), wanted)
    stored = f"Stored {name}. Try it with: invoke notify.test"
    options.answer(
        {"fleet": options.fleet_name, "secret": name, "changed": changed},
        stored if changed else f"{name} has this value already",
    )
