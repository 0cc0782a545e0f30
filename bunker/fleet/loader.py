"""Loading a fleet: read every file, merge the defaults, check everything, report all at once."""

import os
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from pydantic import ValidationError

from bunker.errors import BunkerError, distinct, refuse
from bunker.files import read_listed, user_path
from bunker.fleet import known_hosts
from bunker.fleet.checks import (
    SECRETS_SUFFIX,
    Entry,
    Faults,
    add,
    check_owner,
    check_secrets,
    check_unique,
)
from bunker.fleet.collisions import collisions
from bunker.fleet.environment import secrets_in_environment
from bunker.fleet.explain import explain
from bunker.fleet.fleet import Fleet
from bunker.fleet.group_data import GroupData, load_group_data
from bunker.fleet.merge import Layer, deep_merge
from bunker.fleet.models import Host
from bunker.fleet.yaml_file import Document, read_document
from bunker.glance import listed
from bunker.suggest import perhaps
from deploys.roles import roles_by_section

SUFFIX = ".yml"
SETTINGS_FILE = "fleet.settings.yaml"
HOST_FILE_BYTES = 1 << 18
"""More than a hundred times what a host file has."""


def fleet_names(root: Path) -> list[str]:
    """The fleets there are: one for each file of `inventories/*.py`."""
    return sorted(path.stem for path in (root / "inventories").glob("[a-z]*.py"))


def default_fleet_name(root: Path) -> str:
    """$BUNKER_FLEET, else the only fleet that has hosts, else `production`.

    Raises BunkerError where the environment names a fleet that is not there.
    """
    named = os.environ.get("BUNKER_FLEET", "")
    if named:
        require_fleet(root, named, "$BUNKER_FLEET")
        return named
    inhabited = [name for name in fleet_names(root) if host_files(root, name)]
    return inhabited[0] if len(inhabited) == 1 else "production"


def require_fleet(root: Path, name: str, where: str | None = None) -> None:
    """Raises BunkerError, with the fleets that there are, unless the fleet exists."""
    names = fleet_names(root)
    if name not in names:
        likely = perhaps(name, names)
        there_are = f"{f'{likely}. ' if likely else ''}There are: {', '.join(names)}"
        remedy = there_are if names else f"Look for inventories/ in {root}"
        raise BunkerError(f"there is no fleet {name!r}", where=where, remedy=remedy)


def host_files(root: Path, name: str) -> list[Path]:
    """The plain host files of a fleet, sorted."""
    return [path for path in _files(root, name) if path.suffix == SUFFIX]


def _files(root: Path, name: str) -> list[Path]:
    try:
        entries = sorted((root / "inventories" / name).iterdir())
    except FileNotFoundError:  # a fleet without hosts: git keeps no empty folders
        return []
    except OSError as error:
        where = f"inventories/{name}"
        raise BunkerError(f"the folder cannot be read: {error.strerror}", where=where) from None
    return [
        entry
        for entry in entries
        if entry.suffix in (SUFFIX, ".yaml")
        and not entry.name.startswith(".")
        and not entry.name.endswith((SECRETS_SUFFIX, ".sops.yaml"))
        and entry.name != SETTINGS_FILE
    ]


def load_fleet(
    root: Path,
    name: str,
    *,
    require_secrets: bool = True,
    candidates: Mapping[str, str] | None = None,
    partial: bool = False,
) -> Fleet:
    """The fleet, checked.

    Args:
        root: the repository's root.
        name: the fleet, such as ``production``.
        require_secrets: whether a host without its NAME.sops.yml is a fault.
        candidates: host files that are still to be written (host name to text), checked as if they
            were there; their secrets are not asked for.
        partial: leave out the hosts with a fault; the fleet says which they are.

    Raises:
        Problems: everything that is wrong in any file, each with file, line or key; with
            ``partial`` never.
    """
    root = root.resolve()
    require_fleet(root, name)
    faults: Faults = {}
    group_data = load_group_data(root)
    entries, groups = _read_entries(root, name, candidates or {}, group_data, faults)
    add(faults, check_unique(entries))
    add(faults, check_secrets(root, name, entries, required=require_secrets))
    keys = Path("inventories", name, "known_hosts")
    ours = [*group_data.problems, *known_hosts.faults(root / keys, keys.as_posix())]
    every = [*ours, *chain(*faults.values())]
    if not partial:
        # What is wrong in group data is found again with every host of the group.
        refuse(f"the fleet {name} has problems", distinct(every))
    told = {str(problem) for problem in chain(*faults.values())}
    hosts = {one.host.name: one.host for one in entries if one.host and one.stem not in faults}
    everyone = group_data.pyinfra_for((name,))
    return Fleet(
        name=name,
        root=root,
        hosts=dict(sorted(hosts.items())),
        ssh_key=_ssh_key(root, everyone.get("ssh_key")),
        pyinfra_data={
            host.name: group_data.pyinfra_for((*host.groups, name)) for host in hosts.values()
        },
        broken={stem: tuple(distinct(found)) for stem, found in sorted(faults.items())},
        broken_groups={stem: groups[stem] for stem in sorted(faults) if stem in groups},
        faults=tuple(problem for problem in ours if str(problem) not in told),
    )


def _read_entries(
    root: Path,
    name: str,
    candidates: Mapping[str, str],
    group_data: GroupData,
    faults: Faults,
) -> tuple[list[Entry], dict[str, tuple[str, ...]]]:
    """The host files as they are, and the groups of each, also of one that cannot be read."""
    entries = []
    groups: dict[str, tuple[str, ...]] = {}
    for path in _files(root, name):
        where = path.relative_to(root).as_posix()
        try:
            if path.suffix != SUFFIX:
                remedy = f"Rename it to {path.stem}{SUFFIX}"
                raise BunkerError("host files end in .yml", where=where, remedy=remedy)
            text = read_listed(path, where=where, most=HOST_FILE_BYTES)
        except BunkerError as error:
            add(faults, [(path.stem, error)])
            continue
        document = read_document(text, where)
        # Of a file that is no YAML nothing else is known.
        known = host_groups(document, name) if document.data else listed(text, "groups")
        groups[path.stem] = tuple(known)
        entries.append(_entry(name, path.stem, document, group_data, faults))
    for stem, text in candidates.items():
        document = read_document(text, f"inventories/{name}/{stem}{SUFFIX}")
        entries.append(_entry(name, stem, document, group_data, faults, candidate=True))
    return entries, groups


def _entry(
    fleet: str,
    stem: str,
    document: Document,
    group_data: GroupData,
    faults: Faults,
    *,
    candidate: bool = False,
) -> Entry:
    groups = host_groups(document, fleet)
    files = group_data.files_for(groups)
    found = [problem for file in files for problem in file.problems]
    found += [*document.problems, *check_owner(document, stem)]
    layers = (*(file.layer() for file in files), file_layer(document))
    found += secrets_in_environment(layers[-1], stem)
    host = None
    if document.data:
        merged = deep_merge(group_data.defaults_for(groups), layers[-1].data)
        # An application that a file describes is never dropped for want of a group.
        merged = deep_merge({"roles": roles_by_section(layers[-1].data, groups)}, merged)
        try:
            host = Host.model_validate({"name": stem, **merged})
        except ValidationError as error:
            owner = Layer({"name": stem}, lambda _path: document.place(("host",)))
            explained = explain(error, (owner, *layers), document.where)
            # A line that was already reported left a hole; what is missing there is no news.
            reported = {fault.where for fault in document.problems}
            found += [fault for fault in explained if fault.where not in reported]
        else:
            found += collisions(host, document)
    if fleet in groups[:-1]:
        text = f"groups: {fleet} is the name of the fleet, every host is in it already"
        found.append(BunkerError(text, where=document.place(("groups",)), remedy="Remove it"))
    add(faults, ((stem, problem) for problem in found))
    return Entry(document, stem, candidate, host)


def file_layer(document: Document) -> Layer:
    """What a host file says, in the words of the model (without ``host``, which names the file)."""
    data = {key: value for key, value in document.data.items() if key not in ("host", "name")}
    return Layer(data, document.place)


def host_groups(document: Document, fleet: str) -> tuple[str, ...]:
    """The groups in the order in which their data count: the fleet's own comes last."""
    groups = document.data.get("groups")
    if not isinstance(groups, list):
        return (fleet,)
    return (*(group for group in groups if isinstance(group, str)), fleet)


def _ssh_key(root: Path, configured: object) -> Path | None:
    """The key that the fleet's group data name (from the root), else $BUNKER_SSH_KEY."""
    named = str(configured or os.environ.get("BUNKER_SSH_KEY", ""))
    return (root / user_path(named, "ssh_key")).absolute() if named else None
