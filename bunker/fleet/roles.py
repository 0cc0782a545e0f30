"""Which roles a host's file switches on or off, and with which settings."""

from typing import TYPE_CHECKING, TypeVar

from pydantic import Field, create_model

from bunker.role import named
from bunker.values import RoleSettings, Section
from deploys.roles import ROLES

Settings = TypeVar("Settings", bound=RoleSettings)


class _Choices(Section):
    """By role: None where the host's groups decide."""

    def of(self, model: type[Settings]) -> Settings:
        """A role's settings by their model, the defaults where the file has none."""
        found = (value for _name, value in self if isinstance(value, model))
        return next(found, model())

    def enabled(self, name: str) -> bool | None:
        """Whether the file switches a role on or off."""
        choice: RoleSettings | None = getattr(self, name)
        return None if choice is None else choice.enabled


if TYPE_CHECKING:
    Choices = _Choices
else:
    Choices = create_model(
        "Choices",
        __base__=_Choices,
        __module__=__name__,
        **{
            role.name: (
                (named(role.settings) if role.settings else RoleSettings) | None,
                Field(default=None, description=role.summary),
            )
            for role in ROLES
        },
    )
