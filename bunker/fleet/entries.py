"""The applications that a host's file lists, each by the model of its kind."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from bunker.application.layout import MAIN
from bunker.applications.settings import ApplicationEntry
from bunker.fleet.merge import deep_merge
from bunker.role import named
from bunker.values import AppName
from deploys.roles import KINDS

ENTRIES: Final[Mapping[str, type[ApplicationEntry]]] = {
    name: named(role.port.settings) for name, role in KINDS.items() if role.port
}
"""By kind."""

if TYPE_CHECKING:
    Applications = dict[str, ApplicationEntry]
else:
    _models = list(ENTRIES.values())
    _one = _models[0]
    if len(_models) > 1:
        _one = Annotated[reduce(or_, _models), Field(discriminator="kind")]
    Applications = dict[AppName, _one]


def completed(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A host file's data with what follows from the names of its applications.

    The entry of the one that the short form speaks of has what that says and it does not.
    """
    entries = data.get("applications")
    if not isinstance(entries, Mapping):
        return data
    made = {}
    for name, entry in entries.items():
        kind = ENTRIES.get(str(entry.get("kind"))) if isinstance(entry, Mapping) else None
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
