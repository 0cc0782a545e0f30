"""What a host's file may say under ``roles.earlyoom``."""

from typing import Annotated

from bunker.values import RoleSettings, number


class EarlyoomSettings(RoleSettings):
    """When the greediest process is ended."""

    least_free_percent: Annotated[int, *number(1, 50)] = 5
    """It acts below this share of free memory."""
