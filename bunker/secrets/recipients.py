"""Who may read a fleet's secrets: the public keys in its .sops.yaml, and changing them."""

import re
from dataclasses import dataclass
from pathlib import Path

from pyrage import RecipientError, x25519

from bunker.errors import BunkerError
from bunker.files import read_text, write_atomically
from bunker.printable import printable
from bunker.secrets import fleet, operator_key
from bunker.secrets.files import config_path, read, vault_path
from bunker.secrets.fleet import RekeyReport
from bunker.vault_text import recipients

_LINE = re.compile(r"(?P<before>\s+- +)(?P<key>age1[a-z0-9]+)(?:\s+#\s*(?P<note>.*?))?\s*")
_NOTE = re.compile(r"[^\x00-\x1f\x7f#]{0,60}")
BY_HAND = "Edit it by hand, then run `invoke secrets.rekey`"


@dataclass(frozen=True)
class Reader:
    """One recipient: ``note`` says whose key it is, ``opens`` how many vaults it can open."""

    key: str
    note: str = ""
    yours: bool = False
    opens: int = 0


def readers(fleet_folder: Path, *, key_file: Path | None = None) -> tuple[list[Reader], int]:
    """Who .sops.yaml names, and how many vaults there are. Your key is marked where there is one.

    Raises BunkerError where the file is missing or not in the form of `invoke secrets.init`.
    """
    try:
        ours = operator_key.load(key_file)
    except BunkerError:  # anyone may look
        ours = ()
    names = fleet.vault_names(fleet_folder)
    opened = [recipients(read(vault_path(fleet_folder, name))) for name in names]
    found = [
        Reader(key, note, key in ours, sum(key in keys for keys in opened))
        for key, note in _named(_lines(config_path(fleet_folder)))
    ]
    return found, len(names)


def add_reader(
    fleet_folder: Path, key: str, note: str = "", *, key_file: Path | None = None
) -> RekeyReport:
    """Let one more key read every secret of the fleet; all vaults are encrypted anew.

    A key that is named already has only the vaults encrypted for it that are not yet. Raises
    BunkerError, with nothing changed, for what is no public key.
    """
    key, note = _checked(key), note.strip()
    if not _NOTE.fullmatch(note):
        raise BunkerError("the note is not right", expected="a name of up to 60 characters, no #")
    config = config_path(fleet_folder)
    lines = _lines(config)
    if key not in dict(_named(lines)):
        last = max(number for number, line in enumerate(lines) if _LINE.fullmatch(line))
        match = _LINE.fullmatch(lines[last])
        assert match  # noqa: S101 - found just now
        lines.insert(last + 1, f"{match['before']}{key}{f'  # {note}' if note else ''}")
    return _with_rules(fleet_folder, config, lines, key_file)


def remove_reader(fleet_folder: Path, wanted: str, *, key_file: Path | None = None) -> RekeyReport:
    """Close the fleet's secrets to a key, named by itself, its beginning or its note.

    Raises BunkerError, with nothing changed, for one's own key and for the last one.
    """
    config = config_path(fleet_folder)
    lines = _lines(config)
    named = _named(lines)
    chosen = [key for key, note in named if wanted and (key.startswith(wanted) or note == wanted)]
    if len(chosen) != 1:
        known = ", ".join(
            f"{key[:12]}… ({note})" if note else f"{key[:12]}…" for key, note in named
        )
        problem = f"{len(chosen)} recipients are called {printable(wanted[:60])!r}"
        raise BunkerError(problem, where=str(config), expected=f"one of {known}")
    if chosen[0] in operator_key.load(key_file):
        raise BunkerError(
            "this is your own key: you could not check the secrets any more; nothing was changed",
            where=chosen[0],
            remedy="Let another recipient remove it",
        )
    kept = [
        line
        for line in lines
        if not ((match := _LINE.fullmatch(line)) and match["key"] == chosen[0])
    ]
    return _with_rules(fleet_folder, config, kept, key_file)


def _with_rules(
    fleet_folder: Path, config: Path, lines: list[str], key_file: Path | None
) -> RekeyReport:
    """Write the rules and encrypt for them; the former rules come back where that fails."""
    before = config.read_bytes()
    write_atomically(config, "".join(f"{line}\n" for line in lines).encode(), mode=0o644)
    try:
        return fleet.rekey(fleet_folder, key_file=key_file)
    except BaseException:
        write_atomically(config, before, mode=0o644)
        raise


def _checked(key: str) -> str:
    text = key.strip()
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise BunkerError(
            "this is a private key; it was given as an argument, so it counts as disclosed",
            expected="its public half, which begins with age1",
            remedy="Make a new one with: invoke secrets.key.new",
        )
    try:
        x25519.Recipient.from_str(text)
    except (RecipientError, ValueError):
        raise BunkerError(
            f"{printable(text[:20])!r} is no public age key",
            expected="the whole line age1…, as `invoke secrets.key.new` shows it",
        ) from None
    return text


def _named(lines: list[str]) -> list[tuple[str, str]]:
    matches = (_LINE.fullmatch(line) for line in lines)
    return [(match["key"], match["note"] or "") for match in matches if match]


def _lines(config: Path) -> list[str]:
    try:
        lines = read_text(config).splitlines()
    except FileNotFoundError:
        raise BunkerError(
            "the fleet has no recipients yet",
            where=str(config),
            remedy="Begin with: invoke secrets.init",
        ) from None
    rules = sum(line.strip().startswith("- path_regex") for line in lines)
    mentioned = sum(line.split("#")[0].count("age1") for line in lines)
    if rules != 1 or not mentioned or mentioned != len(_named(lines)):
        raise BunkerError(
            "it is not in the form of `invoke secrets.init`: one rule, one recipient in a line",
            where=str(config),
            remedy=BY_HAND,
        )
    return lines
