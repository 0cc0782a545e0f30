"""Showing the fleet: one row for each instance, and where every value of one came from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunker.applications.of_host import applications_of
from bunker.files import read_text
from bunker.fleet.explain import FILE_KEY
from bunker.fleet.fleet import Fleet
from bunker.fleet.group_data import load_group_data
from bunker.fleet.loader import file_layer, host_groups
from bunker.fleet.merge import leaves, source_of
from bunker.fleet.yaml_file import read_document
from deploys.roles import roles_of

BUILT_IN = "built-in default"


LISTED = ("name", "domain", "address", "port", "user", "tier", "groups", "tags", "ref", "label")
"""What a list shows of each instance."""


@dataclass(frozen=True)
class EffectiveValue:
    """One value that holds for a host, and the file and line (or default) that set it."""

    key: str
    value: Any
    origin: str


def list_instances(fleet: Fleet) -> list[dict[str, Any]]:
    """Of each host, sorted by name, what :data:`LISTED` names; the ref of its first application."""
    refs = {
        name: next((one.settings.ref for one in applications_of(host)), "")
        for name, host in fleet.hosts.items()
    }
    return [
        {key: refs[host.name] if key == "ref" else getattr(host, key) for key in LISTED}
        for host in fleet.hosts.values()
    ]


def show_instance(fleet: Fleet, name: str) -> list[EffectiveValue]:
    """Every value in the order of the host file's keys, and its roles; never a secret."""
    host = fleet.host(name)
    path: Path = fleet.host_file(name)
    document = read_document(read_text(path), str(path.relative_to(fleet.root)))
    groups = host_groups(document, fleet.name)
    files = load_group_data(fleet.root).files_for(groups)
    layers = [*(file.layer() for file in files), file_layer(document)]
    names = tuple(role.name for role in roles_of(host))
    values = []
    for key, value in leaves(host.model_dump(mode="json")):
        of_role = key[0] == "roles" and source_of(layers, key[:2])
        if key[0] == "roles" and not of_role:
            continue  # a role that its groups decide on, or its other sections
        source = of_role if key[-1] == "enabled" and of_role else source_of(layers, key)
        origin = source.place(key) if source else BUILT_IN
        if key == ("name",):
            origin = document.place(("host",))
        label = ".".join(FILE_KEY.get(str(step), str(step)) for step in key)
        values.append(EffectiveValue(label, value, origin))
        if key == ("groups",):
            values.append(EffectiveValue("roles", names, "by its groups and its file"))
    return values
