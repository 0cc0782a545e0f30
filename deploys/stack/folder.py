"""The folder of an instance as someone left it: whether it can be taken over. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from bunker.answers import by_key
from bunker.applications.of_host import path_of
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.json_form import JsonForm

Kind = Literal["absent", "folder", "other"]
ENTRIES_NAMED = 3


@dataclass(frozen=True)
class Folder(JsonForm):
    """What stands where the instance's checkout is, or has to be.

    ``real`` is its path without links. ``unwritable`` and ``closed`` name the folder that cannot be
    written at all, or not be entered by the login user. ``holds`` are names of up to four entries
    besides ``.git``. ``git`` is "" where there is no repository, "folder" for one as git makes it,
    else what is odd about it. ``remotes`` are addresses without user names. ``shallow``: only a
    part of its history is there. ``brought``: files of a fleet were brought there.
    """

    kind: Kind = "absent"
    real: str = ""
    owner: str = ""
    unwritable: str = ""
    closed: str = ""
    holds: tuple[str, ...] = ()
    git: str = ""
    git_owner: str = ""
    remotes: Annotated[tuple[str, ...], Field(alias="remote")] = ()
    shallow: bool = False
    brought: bool = False


def read_folder(lines: Sequence[str]) -> Folder:
    """The folder by the lines ``KEY VALUE`` of a host's answer: the last of most keys counts."""
    found = by_key(lines)
    last = {key: values[-1] for key, values in found.items()}
    lists = {key: found.get(key, ()) for key in ("holds", "remote")}
    return Folder.from_json({"kind": "other", **last, **lists})


def check_folder(host: Host, folder: Folder, *, ours: bool) -> Iterator[BunkerError]:
    """Why the checkout cannot be made there, or what is there not be taken over; all reasons.

    ``ours``: this tool has deployed here before.
    """
    for problem, expected, remedy in _faults(host, folder, ours):
        yield BunkerError(problem, where=host.name, expected=expected, remedy=remedy)


def _faults(host: Host, folder: Folder, ours: bool) -> Iterator[tuple[str, str, str]]:
    """What is wrong, what was expected, and what to do about it."""
    path = host.application.directory
    key = ".".join(path_of(host, host.application.name))
    away = f"move it away: sudo mv {path} {path}.before"
    if folder.real and folder.real != path:
        yield (
            f"{path} is reached through a link, and is really {folder.real}",
            "a path without links",
            f"Write it to the host's file: {key}.directory: {folder.real}",
        )
        return
    if folder.kind == "other":
        yield f"{path} is not a folder", "a folder or nothing", f"Please {away}"
        return
    if folder.unwritable:
        yield (
            f"{folder.unwritable} cannot be written: its file system is mounted read-only,"
            " or it is marked immutable",
            "a folder that can be written",
            f"Look with: findmnt -T {folder.unwritable}; lsattr -d {folder.unwritable}",
        )
    if folder.closed:
        yield (
            f"{host.user} cannot enter {folder.closed}, in which {path} is",
            "a folder that others may enter",
            f"Open it: sudo chmod o+x {folder.closed}",
        )
    if strangers := {folder.owner, folder.git_owner} - {"", "root", host.user}:
        owner = min(strangers)
        yield (
            f"{path if folder.owner == owner else f'{path}/.git'} belongs to {owner}",
            f"a folder of {host.user} or of root",
            f"Where it is this instance's: sudo chown -R --from={owner} {host.user}: {path};"
            f" else {away}",
        )
    elif foreign := _foreign(host, folder, ours):
        yield (*foreign, f"Please {away}")


def take_over(host: Host, folder: Folder) -> str:
    """What the plan says where the folder changes its owner, or nothing."""
    owners = {folder.owner, folder.git_owner} - {"", host.user}
    if not owners:
        return ""
    return f"{host.application.directory} belongs to {min(owners)}; given to {host.user}"


def _foreign(host: Host, folder: Folder, ours: bool) -> tuple[str, str] | None:
    """What is not a plain checkout of the instance's repository, with what was expected."""
    path = host.application.directory
    if folder.git not in ("", "folder"):
        kind, _, more = folder.git.partition(" ")
        words = {
            "link": "its .git is a link",
            "file": f"it is a work tree or a submodule of another repository ({more})",
            "elsewhere": f"its .git belongs to the work tree {more}",
            "bare": "it is a bare repository",
        }
        odd = words.get(kind, "its .git is none that git makes")
        return f"{path} is not a clone by itself: {odd}", "a plain clone, or nothing"
    if not folder.holds or ours:
        return None
    if not folder.git:
        names = ", ".join(folder.holds[:ENTRIES_NAMED])
        more = " and more" if len(folder.holds) > ENTRIES_NAMED else ""
        return (
            f"{path} holds files and is no git repository: {names}{more}",
            "an empty folder, or a clone of the application's repository",
        )
    of = f"is a clone of {folder.remotes[0]}" if folder.remotes else "is a repository of its own"
    if host.application.files_of_fleet:
        # A first deploy that failed has brought them already.
        alike = folder.brought and not folder.remotes
        return None if alike else (f"{path} {of}", "an empty folder")
    wanted = host.application.repository
    if same_repository(wanted, *folder.remotes):
        return None
    return f"{path} {of}", f"a clone of {_without_user(wanted)}"


def same_repository(wanted: str, *remotes: str) -> bool:
    """Whether one of the addresses names the wanted repository, by whatever protocol."""
    return _plain(wanted) in map(_plain, remotes)


def _without_user(address: str) -> str:
    scheme, mark, rest = address.partition("://")
    if not mark:
        return address
    server, slash, path = rest.partition("/")
    return f"{scheme}://{server.rpartition('@')[2]}{slash}{path}"


def _plain(address: str) -> str:
    """Server and path of a git address: ``git@a:b/c.git`` and ``https://a/b/c`` are the same."""
    scheme, mark, rest = address.partition("://")
    if mark:
        server, _, path = rest.partition("/")
        server = server.rpartition("@")[2].partition(":")[0] if scheme != "file" else ""
    elif ":" in address:
        server, _, path = address.partition(":")
        server = server.rpartition("@")[2]
    else:
        server, path = "", address
    return f"{server}/{path.strip('/').removesuffix('.git')}".lower()
