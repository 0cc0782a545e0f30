"""What a host's file may say of roles, by the registry: which are on, with which settings, and the
applications of those that are kinds of application."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, Field, create_model

from bunker.application.layout import MAIN
from bunker.applications.settings import ApplicationEntry
from bunker.fleet.merge import deep_merge
from bunker.role import named
from bunker.values import AppName, RoleSettings, Section
from deploys.roles import KINDS, ROLES, TAGS

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

_ENTRIES: Final[Mapping[str, type[ApplicationEntry]]] = {
    name: named(role.port.settings) for name, role in KINDS.items() if role.port
}
"""The model of an application's entry, by its kind."""

_TAKEN: Final = {"all", "os", *TAGS, *(role.name for role in ROLES)} - {MAIN}
"""Names that mean something else in a plan and on a command line."""


def _no_role(name: str) -> str:
    if name in _TAKEN:
        raise ValueError(f"expected another name than {name}, which stands for a part of hosts")
    return name


if TYPE_CHECKING:
    Applications = dict[str, ApplicationEntry]
else:
    _entry = Annotated[reduce(or_, _ENTRIES.values()), Field(discriminator="kind")]
    Applications = dict[Annotated[AppName, AfterValidator(_no_role)], _entry]


def completed(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A host file's data with what follows from the names of its applications.

    The entry of the one that the short form speaks of has what that says and it does not.
    """
    entries = data.get("applications")
    if not isinstance(entries, Mapping):
        return data
    made = {}
    for name, entry in entries.items():
        kind = _ENTRIES.get(str(entry.get("kind"))) if isinstance(entry, Mapping) else None
        made[name] = _completed(data, str(name), entry, kind) if kind else entry
    return {**data, "applications": made}


def _completed(
    data: Mapping[str, Any], name: str, entry: Mapping[str, Any], kind: type[ApplicationEntry]
) -> dict[str, Any]:
    application = data.get("application")
    short = dict(application) if isinstance(application, Mapping) else {}
    given: dict[str, Any]
    if name == MAIN:
        given = short | {key: data[key] for key in kind.OF_HOST if key in data}
    else:
        given = {key: short[key] for key in kind.SHARED if key in short}
        given |= {"directory": f"/opt/{name}", "project": name}
    return {**deep_merge(given, entry), "key": name}
