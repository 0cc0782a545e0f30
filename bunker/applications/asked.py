"""What an operator asks for on the command line in place of what a host's file says."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from bunker.applications.of_host import application_of
from bunker.errors import BunkerError
from bunker.fleet.environment import secrets_set
from bunker.fleet.yaml_file import nodes_of, read_document
from bunker.role import named
from bunker.values import GitRef, SettingPath, SettingValue, checked
from deploys.roles import KINDS

if TYPE_CHECKING:
    from bunker.fleet.models import Host

OPTION = "--set"
KEY = "value: "
"""What a value stands behind while it is read, as in a host's file."""


def with_asked(host: Host, name: str, ref: str | None, settings: Iterable[str]) -> Host:
    """The host whose application of that name has this ref and these values of ``set``.

    Raises BunkerError for a value that is not right, or where its kind takes none.
    """
    one = application_of(host, name)
    if ref and one.settings.files_of_fleet:
        raise BunkerError(
            f"{one.name} of {host.name} has no ref: it is as the fleet's files are",
            where="--ref",
            remedy=f"Leave it out; the code is in files/{one.settings.files_of_fleet}",
        )
    data: dict[str, Any] = {"ref": checked(GitRef, ref, "--ref")} if ref else {}
    if given := parse_settings(settings):
        if not _takes_settings(type(one.settings)):
            kinds = [
                kind
                for kind, role in KINDS.items()
                if role.port and _takes_settings(named(role.port.settings))
            ]
            raise BunkerError(
                f"{one.name} of {host.name} is of a kind that takes no {OPTION}",
                expected=f"an application of the kind {' or '.join(kinds)}",
            )
        data["set"] = {**one.settings.set_values, **given}
    settings_now = one.settings.model_copy(update=data)
    if one.name in host.applications:
        entries = {**host.applications, one.name: settings_now}
        return host.model_copy(update={"applications": entries})
    return host.model_copy(update={"application": settings_now})


def parse_settings(given: Iterable[str]) -> dict[str, SettingValue]:
    """``services.web.image=…`` by path; values are read as in a host's file."""
    found: dict[str, SettingValue] = {}
    for text in given:
        path, equals, value = text.partition("=")
        path = checked(SettingPath, path, OPTION)
        where = f"{OPTION} {path}"
        if path in found:
            raise BunkerError("this is given twice", where=where)
        wrong = BunkerError(
            "this is not right",
            where=where,
            expected="PATH=VALUE with a text, a number, true, false or a list of texts",
        )
        if not (equals and value.isprintable()):
            raise wrong
        document = read_document(f"{KEY}{value}", where)
        if document.problems or document.data.keys() != {"value"}:
            raise wrong
        if lost := _lost(value, document.data["value"]):
            raise BunkerError(lost, where=where, expected="quotes around the value: \"'…'\"")
        try:
            found[path] = TypeAdapter[SettingValue](SettingValue).validate_python(
                document.data["value"]
            )
        except ValidationError:
            raise wrong from None
        if secrets_set(path, found[path]):
            raise BunkerError(
                "this is a secret and must not stand in a command line",
                where=where,
                remedy="Name its key under `secrets:` of the application and store it with `invoke"
                " secrets.set`; the value that stood there counts as disclosed",
            )
    return found


def _lost(text: str, found: Any) -> str:
    """Why YAML does not take the whole of a text for what it found there; empty where it does."""
    node = nodes_of(f"{KEY}{text}").value[0][1]
    style = getattr(node, "style", None)
    if style in ("|", ">"):
        return f"{style} begins a text of several lines, and there are none"
    if text.lstrip().startswith("&"):
        return "& begins a name, and would be lost with it"
    if f"{KEY}{text}"[node.end_mark.column :].strip():
        return "# begins a comment, and what stands behind it would be lost"
    if isinstance(found, float) and not math.isfinite(found):
        return "this is no number that a file can hold"
    return ""


def _takes_settings(kind: Any) -> bool:
    return "set" in kind.model_fields
