"""What a host's file may say under ``roles.earlyoom``."""

from typing import Annotated

from bunker.values import RoleSettings, number


class EarlyoomSettings(RoleSettings):
    """``least_free_percent``: it acts below this share of free memory."""

    least_free_percent: Annotated[int, *number(1, 50)] = 5
