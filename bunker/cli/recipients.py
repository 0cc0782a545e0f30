"""secrets.key.new, secrets.recipient.add, remove and list: keys, and who may read the secrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.cli.secrets import advise, secrets_command
from bunker.errors import BunkerError
from bunker.terminal.lines import table

if TYPE_CHECKING:
    from bunker.secrets import RekeyReport


@operator_command(select=False, fleet=False)
def new(
    options: Options,
    file: Annotated[str, "where to put it (default: the place of your own key)"] = "",
) -> None:
    """Make an age key: your own, or one that stays offline.

    Readable by its owner only, outside of every repository; nothing is overwritten. Shows its
    public half, which is no secret. A key that is to stay offline goes to a USB stick or onto
    paper; whoever has it can open the secrets when all other keys are lost.

    Examples:
      invoke secrets.key.new
      invoke secrets.key.new --file /media/stick/offline.age
    """
    from bunker import secrets

    path = Path(file).expanduser().absolute() if file else secrets.default_key_path()
    if file and not path.parent.is_dir():
        # Perhaps the stick is not there; the key must not land on this machine instead.
        raise BunkerError("there is no such folder", where=str(path.parent))
    (recipient,) = secrets.new_key(path)
    said = f"new key: {path}\npublic half: {recipient}"
    options.answer({"key_file": str(path), "recipient": recipient}, said)
    shown = f"let it read a fleet's secrets: invoke secrets.recipient.add {recipient} --note WHOSE"
    advise(() if options.json else (shown,))


@secrets_command(select=False)
def add(
    options: Options,
    key: Annotated[str, "public age key (age1…)"],
    note: Annotated[str, "whose it is, such as anna or offline"] = "",
) -> None:
    """Let one more key read all secrets of the fleet.

    Writes it into .sops.yaml and encrypts every host's secrets anew; you have to be able to read
    them. What is prepared is verified before anything is written. Commit the files afterwards.

    Examples:
      invoke secrets.recipient.add age1… --note anna
      invoke secrets.recipient.add age1… --note offline --fleet production
    """
    from bunker import secrets

    _told(options, secrets.add_reader(options.fleet_folder, key, note))


@secrets_command(select=False)
def remove(options: Options, who: Annotated[str, "the key, how it begins, or its note"]) -> None:
    """Close the secrets of the fleet to a key; asks first.

    Encrypts every host's secrets anew, with new data keys. Whoever had the key knows the old values
    and can read the old versions in git: give the secrets new values as well (docs/secrets.md).

    Examples:
      invoke secrets.recipient.remove anna
    """
    from bunker import secrets

    options.confirm(f"Close the secrets of {options.fleet_name} to {who}?", "nothing was changed")
    _told(options, secrets.remove_reader(options.fleet_folder, who))


@secrets_command(select=False, name="list")
def list_(options: Options) -> None:
    """Who may read the secrets of the fleet.

    By .sops.yaml, with the number of files of secrets that each key can really open.

    Example:
      invoke secrets.recipient.list
    """
    from bunker import secrets

    found, number = secrets.readers(options.fleet_folder)
    rows = [
        (one.note or "-", f"{one.opens} of {number}", "you" if one.yours else "", one.key)
        for one in found
    ]
    lines = table(("WHOSE", "OPENS", "", "KEY"), rows, whole=True)
    options.answer({"files": number, "recipients": [vars(one) for one in found]}, lines)


def _told(options: Options, report: RekeyReport) -> None:
    lines = [
        f"Encrypted anew: {', '.join(report.hosts) or 'no host has secrets yet'}",
        *(f"  + {recipient}" for recipient in report.added_recipients),
        *(f"  - {recipient}" for recipient in report.removed_recipients),
    ]
    options.answer(vars(report), "\n".join(lines))
    advise(() if options.json else report.warnings)
