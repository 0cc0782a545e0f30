"""secrets.init, generate, show, set, edit, rekey and check."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.errors import BunkerError, ExitCode

if TYPE_CHECKING:
    from bunker.masking import Secret


@operator_command(select=False)
def init(options: Options) -> None:
    """Make the operator's key; the first step of a fleet.

    Says also who may read the fleet's secrets (.sops.yaml). The age key lies at
    $BUNKER_AGE_KEY_FILE, else in ~/.config/bunker/operator.age, readable by its owner only and
    outside of every repository. Nothing that exists is overwritten.

    Example:
      invoke secrets.init --fleet production
    """
    from bunker import secrets  # noqa: PLC0415 - see the package
    from bunker.terminal.output import print_json  # noqa: PLC0415

    report = secrets.init(options.fleet_folder)
    if options.json:
        print_json(
            {
                "key_file": str(report.key_file),
                "key_created": report.key_created,
                "recipient": report.recipient,
                "config_file": str(report.config_file),
                "advice": list(report.advice),
            }
        )
        return
    made = "new key" if report.key_created else "existing key"
    sys.stdout.write(
        f"{made}: {report.key_file}\nrecipient: {report.recipient}\nrules: {report.config_file}\n"
    )
    _advise(report.advice)


@operator_command(select=False, positional=("name",), help={"name": "name of the host"})
def generate(options: Options, name: str) -> None:
    """Generate the secrets of a host that has none yet.

    `invoke instance.add` does this by itself. Refuses to replace an existing file.

    Example:
      invoke secrets.generate north-1
    """
    from bunker import secrets  # noqa: PLC0415
    from bunker.terminal.output import print_json  # noqa: PLC0415

    options.load_fleet().host(name)
    path = secrets.create_host_secrets(options.fleet_folder, name)
    shown = str(path.relative_to(options.root))
    if options.json:
        print_json({"host": name, "file": shown})
        return
    sys.stdout.write(f"Generated the secrets of {name}: {shown}\n")


@operator_command(
    help={"key": "only this secret", "reveal": "show the values in clear; asks first"},
)
def show(options: Options, key: str = "", reveal: bool = False) -> None:
    """The secrets of a host, masked unless --reveal is given.

    Examples:
      invoke secrets.show --host north-1
      invoke secrets.show --host north-1 --key INITIAL_ADMIN_PASSWORD --reveal
    """
    from bunker import secrets  # noqa: PLC0415
    from bunker.fleet.suggest import suggest  # noqa: PLC0415
    from bunker.terminal.lines import table  # noqa: PLC0415
    from bunker.terminal.output import print_json, print_lines  # noqa: PLC0415
    from bunker.terminal.reporter import ask  # noqa: PLC0415

    fleet, host = options.select_one()
    if reveal and not ask(f"Show secrets of {host.name} in clear?", yes=options.yes):
        raise BunkerError("nothing was shown: it was not confirmed")
    values = secrets.show(fleet.folder, host.name, reveal=reveal)
    if key and key not in values:
        problem = f"{host.name} has no secret {key!r}"
        raise BunkerError(problem, remedy=suggest(key, values))
    chosen = {key: values[key]} if key else values
    if options.json:
        print_json({"host": host.name, "secrets": chosen})
    elif key:
        sys.stdout.write(chosen[key] + "\n")
    else:
        print_lines(table(("SECRET", "VALUE"), list(chosen.items())))


@operator_command(name="set", help={"key": "which secret, such as SMTP_PASS or DEPLOY_KEY"})
def set_(options: Options, key: str = "") -> None:
    """Store one secret of a host, from a prompt or a pipe.

    The value is never an argument: arguments show in the process list and in the shell's history.

    Examples:
      invoke secrets.set --host north-1 --key SMTP_PASS
      invoke secrets.set --host north-1 --key DEPLOY_KEY < deploy_key
    """
    from bunker import secrets  # noqa: PLC0415
    from bunker.terminal.output import print_json  # noqa: PLC0415

    if not key:
        raise BunkerError("no secret is named", expected="--key NAME, such as --key SMTP_PASS")
    fleet, host = options.select_one()
    changed = secrets.set_secret(fleet.folder, host.name, key, read_value(key))
    if options.json:
        print_json({"host": host.name, "key": key, "changed": changed})
        return
    if not changed:
        sys.stdout.write(f"{key} of {host.name} has this value already\n")
        return
    following = options.repeat("invoke deploy", "--tags", "env").again(host.name)
    sys.stdout.write(f"Stored {key} of {host.name}. Bring it to the host with: {following}\n")


@operator_command()
def edit(options: Options) -> None:
    """Edit a host's secrets in an editor.

    In $VISUAL, else $EDITOR, else vi. The text lies in memory only and is wiped afterwards.
    Emptying it gives up.

    Example:
      invoke secrets.edit --host north-1
    """
    from bunker import secrets  # noqa: PLC0415
    from bunker.terminal.output import print_json  # noqa: PLC0415
    from bunker.terminal.reporter import ask  # noqa: PLC0415

    def try_again(error: BunkerError) -> bool:
        sys.stderr.write(f"error: {error}\n")
        return sys.stdin.isatty() and ask("Open the text again?")

    fleet, host = options.select_one()
    report = secrets.edit(fleet.folder, host.name, try_again=try_again)
    changes = {"added": report.added, "changed": report.changed, "removed": report.removed}
    if options.json:
        print_json({"host": host.name, **{word: list(names) for word, names in changes.items()}})
        return
    said = [f"{word} {', '.join(names)}" for word, names in changes.items() if names]
    sys.stdout.write(f"{host.name}: {'; '.join(said) or 'nothing changed'}\n")


@operator_command()
def rekey(options: Options) -> None:
    """Encrypt secrets anew for whom .sops.yaml names now.

    Without a selection, those of all hosts. Run it after adding or removing a recipient. Every file
    is prepared and verified before the first is written. Somebody who was removed still knows the
    old values: rotate them.

    Example:
      invoke secrets.rekey --fleet production
    """
    from bunker import secrets  # noqa: PLC0415
    from bunker.terminal.output import print_json  # noqa: PLC0415

    report = secrets.rekey(options.fleet_folder, _chosen(options))
    if options.json:
        print_json(
            {
                "hosts": list(report.hosts),
                "added_recipients": list(report.added_recipients),
                "removed_recipients": list(report.removed_recipients),
                "warnings": list(report.warnings),
            }
        )
        return
    sys.stdout.write(f"Encrypted anew: {', '.join(report.hosts) or 'no host has secrets'}\n")
    for sign, recipients in (("+", report.added_recipients), ("-", report.removed_recipients)):
        sys.stdout.writelines(f"  {sign} {recipient}\n" for recipient in recipients)
    _advise(report.warnings)


@operator_command()
def check(options: Options) -> ExitCode:
    """Are all secrets in order?

    Readable, complete, strong, and open to the right people only. Without a selection, those of
    every host of the fleet. Changes nothing.

    Example:
      invoke secrets.check --fleet production

    Exit codes: 0 in order, 1 there are problems.
    """
    from bunker import secrets  # noqa: PLC0415
    from bunker.terminal.lines import count  # noqa: PLC0415
    from bunker.terminal.output import print_json  # noqa: PLC0415

    report = secrets.check(options.fleet_folder, host_names=_chosen(options))
    if options.json:
        problems = [str(problem) for problem in report.problems]
        warnings = list(report.warnings)
        print_json({"hosts": list(report.hosts), "problems": problems, "warnings": warnings})
        return ExitCode.ERROR if problems else ExitCode.OK
    _advise(report.warnings)
    report.raise_for_problems()
    sys.stdout.write(f"The secrets of {count(len(report.hosts), 'host')} are in order\n")
    return ExitCode.OK


def _chosen(options: Options) -> list[str] | None:
    """Names of the chosen hosts, None where nothing was chosen: all of them."""
    if not (options.hosts or options.groups or options.tags):
        return None
    return [host.name for host in options.select()[1]]


def read_value(key: str) -> Secret:
    """A secret's value from a prompt or from standard input, never from an argument."""
    from bunker.masking import Secret  # noqa: PLC0415

    if sys.stdin.isatty():
        text = getpass.getpass(f"Value of {key} (not shown): ")
    else:
        text = sys.stdin.read()
    # A pipe or a file ends in a newline that was not meant; inner lines of a key stay.
    value = text.removesuffix("\n")
    if not value:
        raise BunkerError(f"no value was given for {key}; nothing was changed")
    return Secret(value)


def _advise(advice: tuple[str, ...]) -> None:
    for sentence in advice:
        sys.stderr.write(f"advice: {sentence}\n")
