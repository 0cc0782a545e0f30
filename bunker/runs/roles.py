"""What the worker applies for each kind of run, and what the role is told besides its host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bunker.workflows.request import WHOLE_HOST

WAY_BACK: Final = "deploys.way_back:way_back"
ROLES: Final[Mapping[str, str]] = {
    "rollback": WAY_BACK,
    "os-upgrade": "deploys.os_upgrade:os_upgrade",
}


def role_of(kind: str) -> str:
    """The role of a kind of run: the whole host or a part of it, unless it has one of its own."""
    return ROLES.get(kind, WHOLE_HOST)


def role_data(
    kind: str, *, to_generation: str = "", restore: bool = False, reboot: str = ""
) -> dict[str, Any]:
    """The host data of a kind of run's role."""
    if kind == "rollback":
        return {"bunker_to": to_generation, "bunker_restore": "yes" if restore else ""}
    if kind == "os-upgrade":
        return {"bunker_reboot": reboot}
    return {}
