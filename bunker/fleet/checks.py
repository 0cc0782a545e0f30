"""What has to fit between the files of a fleet: owners, names of their own, secrets. Pure but for
the folder's listing and the files of secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunker.errors import BunkerError
from bunker.files import read_listed
from bunker.fleet.collisions import domains
from bunker.fleet.models import Host
from bunker.fleet.yaml_file import Document
from bunker.role import named
from bunker.vault_text import secret_names
from deploys.roles import ROLES, needs_vault, roles_of

SECRETS_SUFFIX = ".sops.yml"
VAULT_BYTES = 1 << 22
"""More than a hundred times what a file of secrets has."""

Faults = dict[str, list[BunkerError]]
"""What is wrong, by the host that it stops."""
Fault = tuple[str, BunkerError]


@dataclass(frozen=True)
class Entry:
    """One host file: what it says, and the host that came of it unless it is faulty."""

    document: Document
    stem: str
    candidate: bool
    host: Host | None


def add(faults: Faults, found: Iterable[Fault]) -> None:
    """Put faults with those of the same host."""
    for stem, problem in found:
        faults.setdefault(stem, []).append(problem)


def check_owner(document: Document, stem: str) -> Iterator[BunkerError]:
    """Whether a file says that it is of the host after which it is named."""
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


def check_unique(entries: Sequence[Entry]) -> Iterator[Fault]:
    """Names, domains and addresses that two files have: either may be the wrong one."""
    for key in ("domain", "address"):
        first: dict[str, tuple[Entry, tuple[str, ...]]] = {}
        for entry in entries:
            host = entry.host
            if host is None or entry.document.data.get("host", entry.stem) != entry.stem:
                continue  # the file of another host, which is said already
            address = f"{host.address} port {host.port}"
            for path, value in domains(host) if key == "domain" else ((("address",), address),):
                earlier, taken = first.setdefault(value, (entry, path))
                if (earlier, taken) != (entry, path):
                    text = f"{key} {value} belongs to {earlier.document.place(taken)} already"
                    place = entry.document.place(path)
                    problem = BunkerError(text, where=place, expected=f"a {key} of its own")
                    yield from ((one.stem, problem) for one in (earlier, entry))
    names: dict[str, Entry] = {}
    for entry in entries:
        for name in {entry.stem, str(entry.document.data.get("host", entry.stem))}:
            taken_by = names.setdefault(name, entry)
            if taken_by is not entry:
                text = f"the name {name} is taken by {taken_by.document.where} already"
                place = entry.document.place(("host",))
                problem = BunkerError(text, where=place, expected="a name of its own")
                # Whose file has the name of another host is at fault.
                wrong = [one for one in (taken_by, entry) if one.stem != name] or [entry]
                yield from ((one.stem, problem) for one in wrong)


def check_secrets(
    root: Path, name: str, entries: Iterable[Entry], *, required: bool
) -> Iterator[Fault]:
    """Hosts without the secrets that they need, and secrets of roles that their host has not."""
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
                problem = BunkerError(
                    "the secrets file is missing",
                    where=f"inventories/{name}/{file}",
                    remedy="Restore it from git or a backup; a new host is made by"
                    " `invoke instance.add`, and one that had none gets it with"
                    f" `invoke secrets.generate {entry.stem}`",
                )
                yield entry.stem, problem
        elif file in present and not _says_what_it_is(entry.host):
            dropped = _dropped(entry, root / "inventories" / name / file)
            yield from ((entry.stem, problem) for problem in dropped)


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
