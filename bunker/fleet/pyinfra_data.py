"""The fleet as pyinfra sees it, and a Host from pyinfra's host data again.

pyinfra does not merge sections, and it orders groups by the inventory file instead of by host. So
the merged host is handed to pyinfra as host data, which beat every group there; only ``--data``
and assignments in a deploy are stronger, and those are merged here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bunker.errors import BunkerError, Problems
from bunker.fleet.explain import explain, known_keys
from bunker.fleet.fleet import ALL, Fleet
from bunker.fleet.loader import load_fleet
from bunker.fleet.merge import Layer, deep_merge, lookup
from bunker.fleet.models import Host
from bunker.suggest import suggest

BASE_KEY = "fleet_host"
"""Host data key under which the merged host is kept, untouched by ``--data``."""

IGNORED_PREFIXES = ("_", "bunker_", "ssh_", "fake_", "docker_", "chroot_")
"""Keys that speak to pyinfra, its connectors and our deploys (``bunker_tags``), not of the host."""

WHERE = "pyinfra data"


def connection_data(fleet: Fleet, host: Host) -> dict[str, Any]:
    """What pyinfra's SSH connector needs for one host; never a secret value.

    Host keys must be known beforehand, the user's own known_hosts is not read, and connecting is
    tried again because pyinfra alone would give up at the first lost packet.
    """
    data: dict[str, Any] = {
        "_sudo": True,
        "bunker_fleet_folder": str(fleet.folder),
        **fleet.pyinfra_data.get(host.name, {}),
        "ssh_hostname": host.address,
        "ssh_port": host.port,
        "ssh_user": host.user,
        "ssh_known_hosts_file": str(fleet.known_hosts),
        "ssh_strict_host_key_checking": "yes",
        "ssh_connect_retries": 3,
        "ssh_connect_retry_min_delay": 0.5,
        "ssh_connect_retry_max_delay": 2.0,
    }
    if fleet.ssh_key:
        data["ssh_key"] = str(fleet.ssh_key)
    if fleet.ssh_config:
        data["ssh_config_file"] = str(fleet.ssh_config)
    return data


def host_data(fleet: Fleet, host: Host) -> dict[str, Any]:
    """All data of one host for pyinfra: the connection and the merged host."""
    merged = host.model_dump(mode="json")
    return {**connection_data(fleet, host), **merged, BASE_KEY: merged}


def inventory_groups(fleet: Fleet) -> dict[str, list[Any]]:
    """The module-level lists of a pyinfra inventory file: ``all`` with the data, then each group.

    The group of the fleet's own name is left to pyinfra, which appends it last.
    """
    everyone = [(host.name, host_data(fleet, host)) for host in fleet.hosts.values()]
    named = {
        group: list(members)
        for group, members in fleet.groups.items()
        if group not in (ALL, fleet.name)
    }
    return {ALL: everyone, **named}


def pyinfra_inventory(file: str) -> dict[str, list[Any]]:
    """For `inventories/NAME.py`: ``globals().update(pyinfra_inventory(__file__))``.

    Ends the process with the sentence of a faulty fleet: pyinfra would wrap any exception in a
    traceback. Secrets files are not asked for here; a role that needs a secret says so itself.
    """
    path = Path(file).resolve()
    try:
        return inventory_groups(load_fleet(path.parent.parent, path.stem, require_secrets=False))
    except BunkerError as error:
        raise SystemExit(f"error: {error}") from None


def host_from_data(name: str, data: Mapping[str, Any]) -> Host:
    """The Host that a deploy works on, from pyinfra's data (``host.data.dict()``).

    Equal to the Host of :func:`load_fleet` where nothing is overridden. An override by ``--data``
    may name a whole section (``application={"ref": "v2.1"}``, merged into it) or one key of it
    (``application.ref=v2.1``). Raises Problems for unknown keys and values that do not fit.
    """
    short_name = name.rsplit("/", 1)[-1]
    base = data.get(BASE_KEY, {})
    merged: dict[str, Any] = {"name": short_name, **base}
    problems: list[BunkerError] = []
    for key, value in data.items():
        if key == BASE_KEY or key.startswith(IGNORED_PREFIXES):
            continue
        path = tuple(key.split("."))
        if path[0] not in Host.model_fields:
            remedy = suggest(path[0], known_keys())
            problems.append(BunkerError(f"{key} is not a known key", where=WHERE, remedy=remedy))
        elif value != base.get(key, ...):
            merged = deep_merge(merged, _nested(path, _as_text(base, path, value)))
    if merged["name"] != base.get("name", merged["name"]):
        text = f"name is {merged['name']!r}: a host cannot be renamed by data"
        problems.append(BunkerError(text, where=WHERE, expected=repr(base["name"])))
    if not problems:
        try:
            return Host.model_validate(merged)
        except ValidationError as error:
            problems += explain(error, [Layer(merged, lambda _path: WHERE)], WHERE)
    raise Problems(f"the data of host {short_name} do not fit", problems)


def _nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for step in reversed(path):
        value = {step: value}
    return dict(value)


def _as_text(base: Mapping[str, Any], path: tuple[str, ...], value: Any) -> Any:
    """``--data application.ref=2`` arrives as a number; where the host has text, it is text."""
    try:
        before = lookup(base, path)
    except KeyError:
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if isinstance(before, str) and is_number else value
