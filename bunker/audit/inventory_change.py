"""Hosts that come, go, or get new host keys: in the audit log, whether or not git records them."""

from pathlib import Path
from typing import Any

from bunker.audit.log import append
from bunker.errors import BunkerError
from bunker.terminal.output import tell


def record_inventory_change(root: Path, fleet: str, host: str, what: dict[str, Any]) -> None:
    """Note what was done to the inventory; a log that cannot be written is said on stderr.

    For changes that are made already: an error would only hide that they were.
    """
    try:
        append(root, fleet, "inventory.changed", hosts=[host], what=what, outcome="ok")
    except BunkerError as error:
        tell(f"warning: this change is not on record: {error}")
