"""Where an application's code comes from: asking a git server which commit a ref means.

Asked once per repository and ref from the control machine, so that a plan names exact commits
and a fleet of hosts does not ask the same question. Keys and tokens stay in memory: a deploy key
goes into an ssh-agent of its own over standard input, a token into git's environment.
"""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from bunker.application.layout import MAIN, prefix_of
from bunker.applications.of_host import path_of
from bunker.cause import PORTS, Where, commands_here, find_cause
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.folder_source import commit_of, folder_of
from bunker.git import Git, GitFailed
from bunker.masking import Secret
from bunker.openssh import agent

COMMIT = re.compile(r"[0-9a-f]{40}")
TIMEOUT_SECONDS = 30
FETCH_SECONDS = 300

REMEDY = "Check application.repository, and DEPLOY_KEY or GIT_TOKEN in the host's secrets"


@dataclass(frozen=True)
class Source:
    """A repository, the wanted ref, and how to get in.

    ``host`` and ``application`` say in errors whose it is; others may have the same.
    """

    repository: str
    ref: str
    host_keys: tuple[str, ...] = ()
    deploy_key: Secret | None = None
    token: Secret | None = None
    files: bool = False
    """Whether ``repository`` is a folder of plain files in the fleet."""
    host: str = field(default="NAME", compare=False)
    application: str = field(default=MAIN, compare=False)

    @classmethod
    def of(cls, host: Host, secrets: Mapping[str, Secret], root: Path) -> Source:
        """The source of an application, with the credentials from its secrets.

        ``host`` is its host as it sees it, ``root`` the fleet's repository.
        """
        application = host.application
        if application.files_of_fleet:
            return cls(str(folder_of(root, application.files_of_fleet)), "", files=True)
        if not application.repository:
            raise BunkerError(
                "no repository is set",
                where=f"{host.name}: {'.'.join(path_of(host, application.name))}.repository",
                expected="the git URL of the application",
                remedy="Set it in group_data/all.py or in the host's file",
            )
        return cls(
            application.repository,
            application.ref,
            application.repository_host_keys,
            secrets.get("DEPLOY_KEY"),
            secrets.get("GIT_TOKEN"),
            host=host.name,
            application=application.name,
        )


def resolve_commit(source: Source) -> str:
    """The commit that a branch, a tag or a full commit id names on the server right now."""
    if source.files:
        return commit_of(Path(source.repository), source.repository).commit
    if COMMIT.fullmatch(source.ref):
        return source.ref
    refs = [source.ref, f"refs/heads/{source.ref}", f"refs/tags/{source.ref}"]
    refs.append(f"refs/tags/{source.ref}^{{}}")
    found: dict[str, str] = {}
    for line in _list_remote(source, refs).splitlines():
        commit, _, name = line.partition("\t")
        found[name] = commit
    # An annotated tag is an object of its own; its ^{} line names the commit.
    for name in (f"refs/tags/{source.ref}^{{}}", f"refs/tags/{source.ref}"):
        if name in found:
            return found[name]
    if f"refs/heads/{source.ref}" in found:
        return found[f"refs/heads/{source.ref}"]
    raise BunkerError(
        f"there is no branch or tag {source.ref!r}",
        where=source.repository,
        remedy="List what there is with: git ls-remote --heads --tags " + source.repository,
    )


def _list_remote(source: Source, refs: list[str]) -> str:
    with _git(source) as git:
        try:
            words = ("ls-remote", "--quiet", source.repository, *refs)
            return git.output(*words, timeout=TIMEOUT_SECONDS).decode(errors="replace")
        except GitFailed as error:
            raise _told(source, "the git server refused to list its refs", error) from None


def _told(source: Source, what: str, error: GitFailed) -> BunkerError:
    """Git's failure by its cause, where that is known, with what leads out of it."""
    parts = urlsplit(source.repository)
    port = str(parts.port or PORTS.get(parts.scheme, "22"))
    where = Where("this machine", source.application, parts.hostname or "", port)
    found = find_cause(error.problem, where=where)
    if found is None:
        problem = f"{what}: {error.problem}"
        return BunkerError(problem, where=source.repository, remedy=REMEDY)
    commands = " and ".join(f"`{command}`" for command in commands_here(found, source.host))
    return BunkerError(
        f"{found.sentence} ({error.problem.rstrip('.')})",
        where=source.repository,
        remedy=f"Next: {commands}" if commands else None,
    )


def read_files(
    source: Source, refs: Iterable[str], wanted: re.Pattern[str]
) -> list[dict[str, bytes]]:
    """For each ref, the files whose path matches. A local repository is read where it is.

    Of any other one the commits are fetched into a folder that goes away.
    """
    local = Path(source.repository).is_dir()
    with _git(source) as anywhere, tempfile.TemporaryDirectory(prefix="bunker-git-") as empty:
        git = replace(anywhere, folder=source.repository if local else empty)
        try:
            if not local:
                git.output("init", "--quiet", "--bare")
            return [_files(git, ref, wanted, fetch=not local) for ref in refs]
        except GitFailed as error:
            raise _told(source, "git cannot read it", error) from None


def _files(git: Git, ref: str, wanted: re.Pattern[str], *, fetch: bool) -> dict[str, bytes]:
    name = ref
    if fetch:
        words = ("fetch", "--quiet", "--depth=1", "--no-tags", "--", str(git.where), ref)
        git.output(*words, timeout=FETCH_SECONDS)
        name = "FETCH_HEAD"
    commit = git.line("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    if not commit:
        raise BunkerError(f"there is no commit, branch or tag {name!r}", where=git.where)
    listed = git.output("ls-tree", "-r", "-z", commit).decode(errors="replace")
    rows = (row.partition("\t") for row in listed.split("\0"))
    blobs = {path: row.split()[2] for row, _, path in rows if wanted.fullmatch(path)}
    return {path: git.output("cat-file", "blob", blob) for path, blob in blobs.items()}


@contextmanager
def _git(source: Source) -> Iterator[Git]:
    """Git with what it needs to get in, and with no key or agent of the operator's."""
    environment = {"SSH_AUTH_SOCK": ""}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bunker-git-"))
        ssh = "ssh -F none -o BatchMode=yes"
        if source.host_keys:
            known_hosts = Path(folder, "known_hosts")
            known_hosts.write_text("\n".join(source.host_keys) + "\n")
            ssh += f" -o StrictHostKeyChecking=yes -o UserKnownHostsFile={known_hosts}"
        environment["GIT_SSH_COMMAND"] = ssh
        if source.token:
            user = urlsplit(source.repository).username or "git"
            credentials = f"{user}:{source.token.reveal()}".encode()
            header = f"Authorization: Basic {base64.b64encode(credentials).decode()}"
            environment |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "http.extraHeader",
                "GIT_CONFIG_VALUE_0": header,
            }
        if source.deploy_key:
            environment["SSH_AUTH_SOCK"] = str(Path(folder, "agent"))
            key = f"--host {source.host} --key {prefix_of(source.application)}DEPLOY_KEY"
            again = f"Set it again with: invoke secrets.set {key}"
            stack.enter_context(agent(source.deploy_key, environment["SSH_AUTH_SOCK"], again))
        yield Git(where=source.repository, environment=environment)
