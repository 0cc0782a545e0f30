"""secrets.generate, show, set, edit and restore: the secrets of one host."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options, words
from bunker.cli.secret_value import read_value
from bunker.cli.values import HostName
from bunker.errors import BunkerError
from bunker.terminal.lines import count, table
from bunker.terminal.output import print_clear, tell

if TYPE_CHECKING:
    from pathlib import Path

    from bunker.fleet import Host
    from bunker.secrets import KeptVersion


def _sweep() -> None:
    """Wipe what an edit that was killed has left in memory."""
    from bunker import secrets

    if secrets.sweep():
        advise(("the text of an edit that was cut off lay in memory still; it is wiped",))


secrets_command = partial(operator_command, before=_sweep)


@secrets_command(select=False)
def generate(options: Options, name: HostName) -> None:
    """Generate the secrets of a host that are not there yet.

    `invoke instance.add` does this by itself. In a file that is there it adds what is missing, such
    as the secrets of another application, and changes nothing else; it refuses where nothing is.

    Example:
      invoke secrets.generate north-1
    """
    from bunker import secrets
    from bunker.applications.secret_specs import specs_of
    from bunker.fleet.applications import having
    from deploys.roles import may_have_vault

    (host,) = having([options.load_fleet().host(name)], may_have_vault, "need of secrets", [name])
    path, specs = secrets.vault_path(options.fleet_folder, name), specs_of(host)
    shown = str(path.relative_to(options.root))
    missing = _advise_missing(options, host, path)
    if path.exists():
        added = secrets.add_missing_secrets(options.fleet_folder, name, specs=specs)
        said = f"Added {count(len(added), 'secret')} to {shown}: {', '.join(added)}"
    else:
        secrets.create_host_secrets(options.fleet_folder, name, specs=specs)
        added = tuple(spec.key for spec in specs if spec.generated)
        said = f"Generated the secrets of {name}: {shown}"
    options.answer({"host": name, "file": shown, "added": added, "missing": missing}, said)


def _advise_missing(options: Options, host: Host, vault: Path) -> list[str]:
    """Secrets that others hand out and that its file has not got yet, by name; each is told of."""
    from bunker.applications.secret_specs import handed_out
    from bunker.files import read_text
    from bunker.vault_text import secret_names

    there = secret_names(read_text(vault)) if vault.exists() else frozenset()
    missing = [key for key in handed_out(host) if key not in there]
    if not options.json:
        command = options.repeat().other("secrets.set", host.name, "--key")
        advise(tuple(f"{key} is missing; set it: {command} {key}" for key in missing))
    return missing


@secrets_command()
def show(
    options: Options,
    key: Annotated[str, "only this secret"] = "",
    reveal: Annotated[bool, "show the values in plaintext; asks first"] = False,
) -> None:
    """The secrets of a host, masked unless --reveal is given.

    Examples:
      invoke secrets.show --host north-1
      invoke secrets.show --host north-1 --key INITIAL_ADMIN_PASSWORD --reveal
    """
    from bunker import secrets

    fleet, host = options.select_one(secrets=True)
    if key:
        _require_stored(options, host, key, fleet.secrets_file(host.name))
    if reveal:
        options.confirm(f"Show secrets of {host.name} in plaintext?", "nothing was shown")
    values = secrets.show(fleet.folder, host.name, reveal=reveal)
    chosen = {key: values[key]} if key else values
    if key and not options.json:
        # What was asked for in plaintext may go into a file, so there it is just the value.
        print_clear(chosen[key])
        return
    missing = _advise_missing(options, host, fleet.secrets_file(host.name))
    answer = {"host": host.name, "secrets": chosen, "missing": missing}
    options.answer(answer, table(("SECRET", "VALUE"), list(chosen.items()), whole=True))


def _require_stored(options: Options, host: Host, key: str, vault: Path) -> None:
    """Raise BunkerError for a secret that is not in the file: not stored yet, or misspelt."""
    from bunker.applications.secret_specs import specs_of
    from bunker.files import read_text
    from bunker.secrets.catalog import known_names
    from bunker.suggest import suggest
    from bunker.vault_text import secret_names

    there = secret_names(read_text(vault)) if vault.exists() else frozenset()
    if key in there or not vault.exists():
        return
    known = known_names(specs_of(host))
    remedy = suggest(key, {*there, *known})
    if key in known:
        command = options.repeat().other("secrets.set", host.name, "--key", key)
        remedy = f"It is not stored yet; set it: {command}"
    raise BunkerError(f"{host.name} has no secret {key!r}", remedy=remedy)


@secrets_command(name="set")
def set_(
    options: Options, key: Annotated[str, "which secret, such as SMTP_PASS or DEPLOY_KEY"] = ""
) -> None:
    """Store one secret of a host, from a prompt or a pipe.

    The value is never an argument: arguments show in the process list and in the shell's history.

    Examples:
      invoke secrets.set --host north-1 --key SMTP_PASS
      invoke secrets.set --host north-1 --key DEPLOY_KEY < deploy_key
      invoke secrets.set --host north-1 --key WIKI__DB_PASSWORD
    """
    from bunker import secrets
    from bunker.applications.secret_specs import specs_of
    from bunker.secrets.catalog import require_known

    if not key:
        raise BunkerError("no secret is named", expected="--key NAME, such as --key SMTP_PASS")
    fleet, host = options.select_one(secrets=True)
    specs = specs_of(host)
    # Before the value is asked for: no one types a password twice for a slip in its name.
    require_known(key, specs, f"{host.name}: --key")
    changed = secrets.set_secret(fleet.folder, host.name, key, read_value(key), specs=specs)
    following = _brought_by(options, host, key)
    stored = f"Stored {key} of {host.name}. Bring it to the host with: {following}"
    options.answer(
        {"host": host.name, "key": key, "changed": changed},
        stored if changed else f"{key} of {host.name} has this value already",
    )


def _brought_by(options: Options, host: Host, key: str) -> str:
    """The command that brings a secret to its host: of the one application that has it."""
    from bunker.application.layout import MAIN, prefix_of
    from bunker.applications.of_host import applications_of

    names = [one.name for one in applications_of(host)]
    for name in names:
        if name != MAIN and key.startswith(prefix_of(name)):
            return options.repeat().other("deploy", host.name, "--app", name)
    part = ("--role", "env") if MAIN in names else ()
    return options.repeat("invoke deploy", *part).again(host.name)


@secrets_command()
def edit(
    options: Options,
    remove: Annotated[
        list[str], "a secret whose line is gone on purpose; repeat it, or use commas"
    ],
) -> None:
    """Edit a host's secrets in an editor.

    In $VISUAL, else $EDITOR, else vi. The text lies in memory only and is wiped afterwards, also
    where the terminal is closed. Emptying it gives up. A secret that every host needs cannot be
    removed; the removal of any other is asked for by name, or named beforehand with --remove.

    Examples:
      invoke secrets.edit --host north-1
      invoke secrets.edit --host north-1 --remove SMTP_PASS
    """
    from bunker import secrets
    from bunker.applications.secret_specs import specs_of
    from bunker.terminal.reporter import ask

    def try_again(error: BunkerError) -> bool:
        if not sys.stdin.isatty():
            return False
        tell(f"error: {error}")
        if ask("Open the text again?"):
            return True
        raise BunkerError("nothing was changed: the text was given up")

    def confirm(names: Sequence[str]) -> bool:
        return ask(f"Remove {', '.join(names)} from the secrets of {host.name}?")

    fleet, host = options.select_one(secrets=True)
    report = secrets.edit(
        fleet.folder,
        host.name,
        try_again=try_again,
        remove=words(remove),
        confirm=confirm if sys.stdin.isatty() else None,
        specs=specs_of(host),
    )
    changes = {"added": report.added, "changed": report.changed, "removed": report.removed}
    options.answer(
        {"host": host.name, **changes}, f"{host.name}: {_said(changes) or 'nothing changed'}"
    )


@secrets_command()
def restore(
    options: Options,
    version: Annotated[
        str, "how many changes back (default: 1, the version before the last)"
    ] = "1",
) -> None:
    """Bring back an earlier version of a host's secrets.

    The last ten versions that were replaced are kept on this machine, encrypted, beside the
    secrets. Shows them and what differs, asks, and stores the chosen one. What it replaces is kept
    as well, so it can be taken back. Hosts get the values with the next deploy: one that runs with
    newer passwords by now may refuse the older ones.

    Examples:
      invoke secrets.restore --host north-1
      invoke secrets.restore --host north-1 --version 3 --yes
    """
    from bunker import secrets
    from bunker.terminal.console import make_console, print_lines

    if not version.isdecimal():
        raise BunkerError(f"{version!r} is not a number", where="--version", expected="1 or more")
    fleet, host = options.select_one(secrets=True)
    kept = secrets.kept_versions(fleet.folder, host.name)
    rows = [(str(item.number), f"{item.until:%Y-%m-%d %H:%M:%S}", _would_do(item)) for item in kept]
    if rows:
        headers = ("VERSION", "REPLACED (UTC)", "BRINGING IT BACK")
        print_lines(table(headers, rows), make_console(sys.stderr))
        question = f"Bring back version {version} of the secrets of {host.name}?"
        options.confirm(question, "nothing was changed")
    found = secrets.restore(fleet.folder, host.name, int(version))
    names = {key: getattr(found, key) for key in ("added", "changed", "removed")}
    answer = {"host": host.name, "version": found.number, **names}
    options.answer(answer, f"{host.name}: {_would_do(found)}")


def _would_do(version: KeptVersion) -> str:
    parts = {"adds": version.added, "changes": version.changed, "removes": version.removed}
    return version.problem or _said(parts) or "changes nothing"


def _said(changes: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{word} {', '.join(names)}" for word, names in changes.items() if names)


def advise(advice: tuple[str, ...]) -> None:
    """Advice goes where progress goes."""
    for sentence in advice:
        tell(f"advice: {sentence}")
