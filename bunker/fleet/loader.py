"""Loading a fleet: read every file, merge the defaults, check everything, report all at once."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bunker.errors import BunkerError, refuse
from bunker.files import read_listed, user_path
from bunker.fleet import known_hosts
from bunker.fleet.collisions import collisions, domains
from bunker.fleet.environment import secrets_in_environment
from bunker.fleet.explain import explain
from bunker.fleet.fleet import Fleet
from bunker.fleet.group_data import GroupData, load_group_data
from bunker.fleet.merge import Layer, deep_merge
from bunker.fleet.models import Host
from bunker.fleet.yaml_file import Document, read_document
from bunker.role import named
from bunker.vault_text import secret_names
from deploys.roles import ROLES, needs_vault, roles_by_section, roles_of

SUFFIX = ".yml"
SECRETS_SUFFIX = ".sops.yml"
SETTINGS_FILE = "fleet.settings.yaml"
HOST_FILE_BYTES = 1 << 18
"""More than a hundred times what a host file has."""
VAULT_BYTES = 1 << 22
"""The same of a file of secrets."""


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
        there_are = ", ".join(names) or "none"
        remedy = f"There are: {there_are}" if names else f"Look for inventories/ in {root}"
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
) -> Fleet:
    """The whole fleet, checked.

    Args:
        root: the repository's root.
        name: the fleet, such as ``production``.
        require_secrets: whether a host without its NAME.sops.yml is a fault.
        candidates: host files that are still to be written (host name to text), checked as if they
            were there; their secrets are not asked for.

    Raises:
        Problems: everything that is wrong in any file, each with file, line or key.
    """
    root = root.resolve()
    require_fleet(root, name)
    problems: list[BunkerError] = []
    group_data = load_group_data(root, problems)
    entries = _read_entries(root, name, candidates or {}, group_data, problems)
    problems += _check_unique(entries)
    hosts = {entry.host.name: entry.host for entry in entries if entry.host}
    problems += _check_secrets(root, name, entries, required=require_secrets)
    keys = Path("inventories", name, "known_hosts")
    problems += known_hosts.faults(root / keys, keys.as_posix())
    # What is wrong in group data is found again with every host of the group.
    once = {str(problem): problem for problem in problems}
    refuse(f"the fleet {name} has problems", once.values())
    everyone = group_data.pyinfra_for((name,))
    return Fleet(
        name=name,
        root=root,
        hosts=dict(sorted(hosts.items())),
        ssh_key=_ssh_key(root, everyone.get("ssh_key")),
        pyinfra_data={
            host.name: group_data.pyinfra_for((*host.groups, name)) for host in hosts.values()
        },
    )


@dataclass(frozen=True)
class Entry:
    """One host file: what it says, and the host that came of it unless it is faulty."""

    document: Document
    stem: str
    candidate: bool
    host: Host | None


def _read_entries(
    root: Path,
    name: str,
    candidates: Mapping[str, str],
    group_data: GroupData,
    problems: list[BunkerError],
) -> list[Entry]:
    entries = []
    for path in _files(root, name):
        where = path.relative_to(root).as_posix()
        if path.suffix != SUFFIX:
            remedy = f"Rename it to {path.stem}{SUFFIX}"
            problems.append(BunkerError("host files end in .yml", where=where, remedy=remedy))
            continue
        try:
            text = read_listed(path, where=where, most=HOST_FILE_BYTES)
        except BunkerError as error:
            problems.append(error)
            continue
        document = read_document(text, where)
        entries.append(_entry(name, path.stem, document, group_data, problems))
    for stem, text in candidates.items():
        document = read_document(text, f"inventories/{name}/{stem}{SUFFIX}")
        entries.append(_entry(name, stem, document, group_data, problems, candidate=True))
    return entries


def _entry(
    fleet: str,
    stem: str,
    document: Document,
    group_data: GroupData,
    problems: list[BunkerError],
    *,
    candidate: bool = False,
) -> Entry:
    faults = list(document.problems)
    faults += _check_owner(document, stem)
    groups = host_groups(document, fleet)
    layers = (*(file.layer() for file in group_data.files_for(groups)), file_layer(document))
    faults += secrets_in_environment(layers[-1], stem)
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
            faults += [fault for fault in explained if fault.where not in reported]
        else:
            faults += collisions(host, document)
    if fleet in groups[:-1]:
        text = f"groups: {fleet} is the name of the fleet, every host is in it already"
        faults.append(BunkerError(text, where=document.place(("groups",)), remedy="Remove it"))
    problems += faults
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


def _check_owner(document: Document, stem: str) -> Iterator[BunkerError]:
    if not document.data:
        return
    if "name" in document.data:
        # The model calls it `name`; in a file it could contradict `host`.
        place, remedy = document.place(("name",)), "Perhaps host was meant"
        yield BunkerError("name is not a known key", where=place, remedy=remedy)
    owner, expected = document.data.get("host"), f"`host: {stem}`, as the file is named"
    if owner is None:
        yield BunkerError("host is missing", where=document.where, expected=expected)
    elif owner != stem:
        text, place = f"host is {owner!r}: the file of another host", document.place(("host",))
        yield BunkerError(text, where=place, expected=expected)


def _check_unique(entries: Sequence[Entry]) -> Iterator[BunkerError]:
    for key in ("domain", "address"):
        first: dict[str, tuple[Entry, tuple[str, ...]]] = {}
        for entry in entries:
            host = entry.host
            if host is None:
                continue
            address = f"{host.address} port {host.port}"
            for path, value in domains(host) if key == "domain" else ((("address",), address),):
                earlier, taken = first.setdefault(value, (entry, path))
                if (earlier, taken) != (entry, path):
                    text = f"{key} {value} belongs to {earlier.document.place(taken)} already"
                    place = entry.document.place(path)
                    yield BunkerError(text, where=place, expected=f"a {key} of its own")
    names: dict[str, Entry] = {}
    for entry in entries:
        for name in {entry.stem, str(entry.document.data.get("host", entry.stem))}:
            earlier = names.setdefault(name, entry)
            if earlier is not entry:
                text = f"the name {name} is taken by {earlier.document.where} already"
                place = entry.document.place(("host",))
                yield BunkerError(text, where=place, expected="a name of its own")


def _check_secrets(
    root: Path, name: str, entries: Iterable[Entry], *, required: bool
) -> Iterator[BunkerError]:
    try:
        present = {path.name for path in (root / "inventories" / name).iterdir()}
    except OSError:  # not there, or reported already
        return
    for entry in entries:
        file = f"{entry.stem}{SECRETS_SUFFIX}"
        if entry.candidate:
            continue
        if entry.host is None or needs_vault(entry.host):
            if required and file not in present:
                yield BunkerError(
                    "the secrets file is missing",
                    where=f"inventories/{name}/{file}",
                    remedy="Restore it from git or a backup; a new host is made by"
                    " `invoke instance.add`, and one that had none gets it with"
                    f" `invoke secrets.generate {entry.stem}`",
                )
        elif file in present and not _says_what_it_is(entry.host):
            yield from _dropped(entry, root / "inventories" / name / file)


def _says_what_it_is(host: Host) -> bool:
    """Whether a host's file has more to say of its roles than that of any host."""
    more = any("all" not in role.groups for role in roles_of(host))
    return more or any(host.roles.enabled(role.name) is not None for role in ROLES)


def _dropped(entry: Entry, vault: Path) -> Iterator[BunkerError]:
    """A host that has secrets of a role is without it only where its file says so."""
    try:
        names = secret_names(read_listed(vault, where=vault.name, most=VAULT_BYTES))
    except BunkerError as error:
        yield error
        return
    for role in ROLES:
        if role.secrets and not names.isdisjoint(spec.key for spec in named(role.secrets)):
            problem = f"{vault.name} holds secrets of a role that the host does not have"
            remedy = f"Add the group {role.groups[0]}, or write `roles: {{{role.name}: false}}`"
            yield BunkerError(problem, where=entry.document.where, remedy=remedy)


def _ssh_key(root: Path, configured: object) -> Path | None:
    """The key that the fleet's group data name (from the root), else $BUNKER_SSH_KEY."""
    named = str(configured or os.environ.get("BUNKER_SSH_KEY", ""))
    return (root / user_path(named, "ssh_key")).absolute() if named else None
