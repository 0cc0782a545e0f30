"""Where a checkout is to be, something may stand already: taken over, or refused by name."""

import getpass
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bunker.answers import sections
from bunker.applications.of_host import application_of
from bunker.fleet.models import Host
from deploys.stack.folder import (
    Folder,
    check_folder,
    read_folder,
    same_repository,
    take_over,
)
from tests.unit.changemaker.repositories import Server

PATH = "/opt/changemaker-lite"


def host(directory: str = PATH, repository: str = "git@git.example:a/app.git") -> Host:
    return Host(
        name="north",
        address="192.0.2.1",
        domain="north.example.org",
        application={"repository": repository, "directory": directory},
    )


def told(folder: Folder, *, ours: bool = False) -> str:
    return "\n".join(str(problem) for problem in check_folder(host(), folder, ours=ours))


CLONE = Folder(
    kind="folder",
    real=PATH,
    owner="deploy",
    holds=("api",),
    git="folder",
    git_owner="deploy",
    remotes=("https://git.example/a/app",),
)


def but(**changes: object) -> Folder:
    return Folder(**{**vars(CLONE), **changes})


@pytest.mark.parametrize(
    "folder",
    [
        Folder("absent", PATH),
        Folder("folder", PATH, owner="root"),
        CLONE,
        but(owner="root", git_owner="root"),
        but(git_owner="root"),
    ],
)
def test_what_is_plainly_ours_is_taken_over(folder: Folder) -> None:
    assert told(folder) == ""


def test_a_folder_that_changes_its_owner_is_in_the_plan() -> None:
    assert take_over(host(), CLONE) == ""
    words = "/opt/changemaker-lite belongs to root; given to deploy"
    assert take_over(host(), but(git_owner="root")) == words
    assert take_over(host(), Folder("folder", PATH, owner="root")) == words


def test_a_folder_of_somebody_else_is_refused_by_the_owners_name() -> None:
    assert "/opt/changemaker-lite belongs to alice" in told(but(owner="alice"))
    assert "/opt/changemaker-lite/.git belongs to alice" in told(but(git_owner="alice"), ours=True)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        (but(real="/srv/app"), "is really /srv/app; expected a path without links"),
        (Folder("other", PATH), "is not a folder"),
        (but(unwritable=PATH), "mounted read-only"),
        (but(closed="/opt"), "deploy cannot enter /opt"),
        (but(git="", git_owner=""), "holds files and is no git repository: api"),
        (but(git="file gitdir: /srv/x"), "a submodule of another repository (gitdir: /srv/x)"),
        (but(git="link"), "its .git is a link"),
        (but(git="bare"), "it is a bare repository"),
        (but(remotes=("https://git.example/b/other",)), "a clone of https://git.example/b/other"),
        (but(remotes=()), "is a repository of its own"),
    ],
)
def test_what_is_not_plainly_ours_is_refused_with_what_to_do(folder: Folder, words: str) -> None:
    text = told(folder)
    assert words in text
    assert (
        "sudo mv " in text
        or "application.directory: /srv/app" in text
        or "Look" in text
        or ("chmod" in text)
    )


def test_another_repository_is_followed_where_this_tool_has_deployed() -> None:
    assert told(but(remotes=("https://git.example/moved/app",)), ours=True) == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("git@git.example:a/app.git", "https://git.example/a/app", True),
        ("ssh://git@git.example:2222/a/app.git", "https://x@GIT.example/A/app.git/", True),
        ("git@git.example:a/app.git", "git@other.example:a/app.git", False),
        ("/srv/app.git", "file:///srv/app", True),
    ],
)
def test_one_repository_has_many_addresses(one: str, other: str, same: bool) -> None:
    assert same_repository(one, other) is same


def nothing(server: Server) -> None:
    pass


def empty(server: Server) -> None:
    server.directory.mkdir()
    (server.directory / "lost+found").mkdir()


def files(server: Server) -> None:
    server.directory.mkdir()
    (server.directory / "notes\x1b[31m").write_text("")


def link(server: Server) -> None:
    server.clone()
    server.directory.rename(server.place / "real")
    server.directory.symlink_to(server.place / "real")


def work_tree(server: Server) -> None:
    server.git(server.upstream, "worktree", "add", "-q", "--detach", str(server.directory))


def with_a_token(server: Server) -> None:
    server.clone()
    url = "https://anna:token@git.example/a/app"
    server.git(server.directory, "remote", "set-url", "origin", url)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (nothing, ""),
        (empty, ""),
        (files, "is no git repository: notes[31m"),
        (link, "is really "),
        (work_tree, "a submodule of another repository (gitdir: "),
        (Server.clone, ""),
        (with_a_token, "is a clone of https://git.example/a/app;"),
    ],
)
def test_a_host_tells_what_stands_there(
    tmp_path: Path, make: Callable[[Server], None], words: str
) -> None:
    server = Server(tmp_path)
    make(server)
    folder = read_folder(sections(server.fact())["place"])
    user = "root" if not os.geteuid() else folder.owner
    there = host(str(server.directory), server.address).model_copy(update={"user": user})
    problems = list(check_folder(there, folder, ours=False))
    assert words in str(problems[0]) if words else not problems


def wiki(server: Server) -> Host:
    """A host with a project of files of the fleet at the server's checkout."""
    entry = {"kind": "compose", "folder": "wiki", "directory": str(server.directory)}
    found = host().model_copy(update={"user": getpass.getuser()}).model_dump(exclude_unset=True)
    found = Host.model_validate({**found, "applications": {"wiki": entry}})
    return application_of(found, "wiki").host


def told_of_files(server: Server) -> str:
    folder = read_folder(sections(server.fact())["place"])
    return "\n".join(str(one) for one in check_folder(wiki(server), folder, ours=False))


def test_a_first_deploy_of_files_of_the_fleet_that_failed_can_be_repeated(tmp_path: Path) -> None:
    server = Server(tmp_path)
    (tmp_path / "wiki").mkdir()
    (tmp_path / "wiki/compose.yml").write_text("services: {}\n")
    server.bring(tmp_path / "wiki")
    assert (server.directory / "compose.yml").exists()
    assert told_of_files(server) == ""


@pytest.mark.parametrize("remote", [True, False])
def test_another_repository_where_files_of_the_fleet_go_is_refused(
    tmp_path: Path, remote: bool
) -> None:
    server = Server(tmp_path)
    server.git(server.upstream, "branch", "files")
    server.clone()
    if not remote:
        server.git(server.directory, "remote", "remove", "origin")
    what = f"a clone of {server.address}" if remote else "a repository of its own"
    assert f"is {what}; expected an empty folder. Please move it away" in told_of_files(server)
