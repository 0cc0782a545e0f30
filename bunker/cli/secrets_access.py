"""secrets.init, rekey and check: who may read a fleet's secrets, and are they in order?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bunker.cli.options import Options
from bunker.cli.secrets import advise, secrets_command
from bunker.errors import BunkerError, ExitCode
from bunker.terminal.lines import count

if TYPE_CHECKING:
    from bunker.fleet import Host


@secrets_command(select=False)
def init(options: Options) -> None:
    """Make the operator's key; the first step of a fleet.

    Says also who may read the fleet's secrets (.sops.yaml). The age key lies at
    $BUNKER_AGE_KEY_FILE, else in ~/.config/bunker/operator.age, readable by its owner only and
    outside of every repository. Nothing that exists is overwritten; a second run changes nothing.

    Example:
      invoke secrets.init --fleet production
    """
    from bunker import secrets

    report = secrets.init(options.fleet_folder)
    files = {"key_file": str(report.key_file), "config_file": str(report.config_file)}
    made = "new key" if report.key_created else "existing key"
    options.answer(
        {**vars(report), **files},
        f"{made}: {report.key_file}\nrecipient: {report.recipient}\nrules: {report.config_file}",
    )
    advise(() if options.json else report.advice)


@secrets_command()
def rekey(options: Options) -> None:
    """Encrypt secrets anew for whom .sops.yaml names now.

    Without a selection, those of all hosts. Run it after adding or removing a recipient. Every file
    is prepared and verified before the first is written. Someone who was removed still knows the
    old values: rotate them.

    Example:
      invoke secrets.rekey --fleet production
    """
    from bunker import secrets

    chosen = [host.name for host in _chosen(options)] if options.chosen else None
    report = secrets.rekey(options.fleet_folder, chosen)
    lines = [
        f"Encrypted anew: {', '.join(report.hosts) or 'no host has secrets'}",
        *(f"  + {recipient}" for recipient in report.added_recipients),
        *(f"  - {recipient}" for recipient in report.removed_recipients),
    ]
    options.answer(vars(report), "\n".join(lines))
    advise(() if options.json else report.warnings)


@secrets_command()
def check(options: Options) -> ExitCode:
    """Are all secrets in order?

    Readable, complete, strong, and open to the right people only. Without a selection, those of
    every host of the fleet. Changes nothing.

    Example:
      invoke secrets.check --fleet production

    Exit codes: 0 in order, 1 there are problems.
    """
    from bunker import secrets
    from bunker.applications.secret_specs import handed_out, specs_of
    from bunker.secrets.catalog import default_specs

    names, known = _with_vault(options)
    report = secrets.check(
        options.fleet_folder,
        host_names=names,
        specs=lambda name: specs_of(known[name]) if name in known else default_specs(),
        handed_out=lambda name: handed_out(known[name]) if name in known else (),
    )
    problems = [str(problem) for problem in report.problems]
    if not options.json:
        advise(report.warnings)
        report.raise_for_problems()
    options.answer(
        {"hosts": report.hosts, "problems": problems, "warnings": report.warnings},
        f"The secrets of {count(len(report.hosts), 'host')} are in order",
    )
    return ExitCode.ERROR if problems else ExitCode.OK


def _chosen(options: Options) -> list[Host]:
    """The chosen hosts that have or need secrets."""
    from bunker.fleet.applications import having

    fleet, hosts = options.select()
    return having(hosts, fleet.has_secrets, "need of secrets", options.hosts)


def _with_vault(options: Options) -> tuple[list[str] | None, dict[str, Host]]:
    """Names of the chosen, else of those that have or need secrets, and the hosts among them.

    None where the fleet cannot be read.
    """
    from bunker.secrets.fleet import vault_names

    if options.chosen:
        chosen = {host.name: host for host in _chosen(options)}
        return list(chosen), chosen
    try:
        fleet = options.load_fleet()
    except BunkerError:
        return None, {}
    known = {name: host for name, host in fleet.hosts.items() if fleet.has_secrets(host)}
    return sorted({*known, *vault_names(options.fleet_folder)}), known
