"""The first step of a fleet: the operator's key, and who may read the fleet's secrets."""

from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError
from bunker.files import read_text, write_atomically
from bunker.secrets import fleet, operator_key
from bunker.secrets.files import config_path

_CONFIG = r"""# Who may read the secrets of this fleet: one public age key in a line.
# After a change here run `invoke secrets.rekey`. Public keys are no secrets; commit this file.
creation_rules:
  - path_regex: \.sops\.yml$
    age:
"""


@dataclass(frozen=True)
class InitReport:
    """What was made, and what the operator should do next."""

    key_file: Path
    recipient: str
    key_created: bool
    config_file: Path
    advice: tuple[str, ...]


def init(fleet_folder: Path, *, key_file: Path | None = None) -> InitReport:
    """Make the operator's age key, unless there is one, and the fleet's ``.sops.yaml``.

    The key lies at ``key_file``, else at ``$BUNKER_AGE_KEY_FILE``, else at
    ``~/.config/bunker/operator.age``. Nothing that exists is overwritten. Raises
    :class:`BunkerError` when the fleet has its ``.sops.yaml`` already and does not name this key,
    or when the key's place is inside a git work tree that does not ignore it.
    """
    config = config_path(fleet_folder)
    path = (key_file or operator_key.default_path()).expanduser().absolute()
    if config.exists():
        named = read_text(config).split()
        mine = [key for key in operator_key.load(path) if key in named] if path.exists() else []
        if mine:
            return InitReport(path, mine[0], key_created=False, config_file=config, advice=())
        raise BunkerError(
            "this fleet is initialised already; nothing was changed",
            where=str(config),
            remedy="To let another operator read its secrets: invoke secrets.recipient.add KEY",
        )
    operator_key.refuse_exposed_place(path)
    created = not path.exists()
    if created and (hosts := fleet.vault_names(fleet_folder)):
        raise BunkerError(
            f"there are secrets of {len(hosts)} host(s) here that a new key could not open",
            where=str(fleet_folder),
            remedy=f"Put the key that opens them at {path}, and restore .sops.yaml from git",
        )
    fleet_folder.mkdir(parents=True, exist_ok=True)
    readers = operator_key.create(path) if created else operator_key.load(path)
    rows = "".join(f"      - {recipient}\n" for recipient in readers)
    write_atomically(config, (_CONFIG + rows).encode(), mode=0o644)
    backup = f"keep a copy of {path} in a safe place outside of this machine"
    advice = (backup,) if len(readers) > 1 else (backup, fleet.ONE_RECIPIENT)
    return InitReport(path, readers[0], created, config, advice)
