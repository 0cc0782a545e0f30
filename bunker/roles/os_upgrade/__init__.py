"""The os-upgrade role, its pure half: what a host says of its packages, and what follows."""

from bunker.roles.os_upgrade.decision import Reboot, UpgradeDecision, decide
from bunker.roles.os_upgrade.state import (
    REBOOT_SCRIPT,
    STATE_SCRIPT,
    RebootState,
    UpgradeState,
    read_reboot_state,
    read_upgrade_state,
)

__all__ = [
    "REBOOT_SCRIPT",
    "STATE_SCRIPT",
    "Reboot",
    "RebootState",
    "UpgradeDecision",
    "UpgradeState",
    "decide",
    "read_reboot_state",
    "read_upgrade_state",
]
