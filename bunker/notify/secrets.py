"""The fleet's own secrets: tokens and addresses of notifications, in one vault beside the hosts'.

The vault belongs to the reserved name `notifications`, so that no host can take its place.
"""

from collections.abc import Iterable
from pathlib import Path

from bunker import secrets
from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.secrets.catalog import Spec
from bunker.secrets.checking import FLEET_OWNER as OWNER
from bunker.suggest import suggest


def read_secrets(fleet_folder: Path) -> dict[str, Secret]:
    """The notification secrets by name; none where nothing was stored yet.

    Raises BunkerError where there is a vault that cannot be opened.
    """
    if not secrets.vault_path(fleet_folder, OWNER).exists():
        return {}
    return secrets.read_host_secrets(fleet_folder, OWNER)


def refuse_unknown(name: str, wanted: Iterable[str]) -> None:
    """Raise BunkerError for a name that no target of the settings uses, with near misses."""
    names = sorted(set(wanted))
    if name in names:
        return
    problem = f"no notification of this fleet uses a secret {name!r}"
    first = "Name targets in fleet.settings.yaml first (docs/notifications.md)"
    raise BunkerError(problem, remedy=suggest(name, names) if names else first)


def store_secret(fleet_folder: Path, name: str, value: Secret, wanted: Iterable[str]) -> bool:
    """Store one secret; False when it had this value already.

    ``wanted`` are the names that the settings use: any other is refused, since nothing reads it.
    """
    refuse_unknown(name, wanted)
    specs = [Spec(name)]
    if secrets.vault_path(fleet_folder, OWNER).exists():
        return secrets.set_secret(fleet_folder, OWNER, name, value, specs=specs)
    secrets.create_host_secrets(fleet_folder, OWNER, overrides={name: value}, specs=specs)
    return True
