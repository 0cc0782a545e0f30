"""Where an application's code comes from: asking a git server which commit a ref means.

Asked once per repository and ref from the control machine, so that a plan names exact commits
and a fleet of hosts does not ask the same question. Keys and tokens stay in memory: a deploy key
goes into an ssh-agent of its own over standard input, a token into git's environment.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.masking import Secret

COMMIT = re.compile(r"[0-9a-f]{40}")
TIMEOUT_SECONDS = 30
FETCH_SECONDS = 300

REMEDIES = (
    (
        "Host key verification failed",
        "Put the git server's host key under application.repository_host_keys, after comparing its"
        " fingerprint (ssh-keyscan shows the key)",
    ),
    (
        "Permission denied",
        "Give the host a deploy key that the repository accepts: invoke secrets.set --key"
        " DEPLOY_KEY",
    ),
)
"""What git or ssh says, and what to do about it."""
REMEDY = "Check application.repository, and DEPLOY_KEY or GIT_TOKEN in the host's secrets"


@dataclass(frozen=True)
class Source:
    """A repository, the wanted ref, and how to get in."""

    repository: str
    ref: str
    host_keys: tuple[str, ...] = ()
    deploy_key: Secret | None = None
    token: Secret | None = None

    @classmethod
    def of(cls, host: Host, secrets: Mapping[str, Secret]) -> Source:
        """The source of one host, with the credentials from its secrets."""
        application = host.application
        if not application.repository:
            raise BunkerError(
                "no repository is set",
                where=f"{host.name}: application.repository",
                expected="the git URL of the application",
                remedy="Set it in group_data/all.py or in the host's file",
            )
        return cls(
            application.repository,
            application.ref,
            application.repository_host_keys,
            secrets.get("DEPLOY_KEY"),
            secrets.get("GIT_TOKEN"),
        )


def resolve_commit(source: Source) -> str:
    """The commit that a branch, a tag or a full commit id names on the server right now."""
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
    with _access(source) as environment:
        answer = _git(source, environment, "ls-remote", "--quiet", source.repository, *refs)
    return answer.decode(errors="replace")


def read_files(
    source: Source, refs: Iterable[str], wanted: re.Pattern[str]
) -> list[dict[str, bytes]]:
    """For each ref, the files whose path matches. A local repository is read where it is.

    Of any other one the commits are fetched into a folder that goes away.
    """
    local = Path(source.repository).is_dir()
    with _access(source) as environment, tempfile.TemporaryDirectory(prefix="bunker-git-") as empty:
        folder = source.repository if local else empty
        if not local:
            _git(source, environment, "init", "--quiet", "--bare", folder)
        found = []
        for ref in refs:
            name = f"{ref}^{{commit}}"
            if not local:
                fetch = ("fetch", "--quiet", "--depth=1", "--no-tags", "--", source.repository, ref)
                _git(source, environment, "-C", folder, *fetch, timeout=FETCH_SECONDS)
                name = "FETCH_HEAD^{commit}"
            parse = ("rev-parse", "--quiet", "--verify", "--end-of-options", name)
            commit = _git(source, environment, "-C", folder, *parse).decode().strip()
            listed = _git(source, environment, "-C", folder, "ls-tree", "-r", "-z", commit)
            rows = (row.partition("\t") for row in listed.decode(errors="replace").split("\0"))
            blobs = {path: row.split()[2] for row, _, path in rows if wanted.fullmatch(path)}
            found.append(
                {
                    path: _git(source, environment, "-C", folder, "cat-file", "blob", blob)
                    for path, blob in blobs.items()
                }
            )
    return found


def _git(
    source: Source,
    environment: Mapping[str, str],
    *words: str,
    timeout: float = TIMEOUT_SECONDS,
) -> bytes:
    """Run git; its output. Raises BunkerError with git's own reason."""
    try:
        done = subprocess.run(
            ["git", *words],
            env=environment,
            capture_output=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise BunkerError(
            f"the git server did not answer within {timeout:.0f} seconds",
            where=source.repository,
            remedy="Check the address and the network, then run the command again",
        ) from None
    except FileNotFoundError:
        raise BunkerError("git is not installed", remedy="apt-get install git") from None
    if done.returncode == 0:
        return done.stdout
    reason = told_by_git(done.stderr.decode(errors="replace"))
    if "rev-parse" in words:
        problem, remedy = f"there is no commit, branch or tag {words[-1][:-9]!r}", None
    elif "ls-remote" in words:
        problem = f"the git server refused to list its refs: {reason}"
        remedy = next((text for said, text in REMEDIES if said in reason), REMEDY)
    else:
        problem = f"git cannot read it: {reason}"
        remedy = next((text for said, text in REMEDIES if said in reason), None)
    raise BunkerError(problem, where=source.repository, remedy=remedy)


def told_by_git(said: str) -> str:
    """Why git failed, from what it wrote: not the advice that it ends with.

    Where ssh ended it, ssh's own sentence stands before git's.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("Warning:", "hint:"))]
    end = next((i for i, line in enumerate(lines) if line.startswith("fatal:")), len(lines))
    telling = [line for line in lines[:end] if not set(line) <= set("@ ")] or lines[end : end + 1]
    return telling[-1].removeprefix("fatal: ") if telling else "no message"


@contextmanager
def _access(source: Source) -> Iterator[dict[str, str]]:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "SSH_A"))
    }
    environment["GIT_TERMINAL_PROMPT"] = "0"
    with tempfile.TemporaryDirectory(prefix="bunker-git-") as folder:
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
        if source.deploy_key is None:
            yield environment
            return
        socket = str(Path(folder, "agent"))
        with subprocess.Popen(
            ["ssh-agent", "-D", "-a", socket],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as agent:
            try:
                assert agent.stdout is not None  # noqa: S101 - asked for a pipe above
                agent.stdout.readline()  # it prints its socket once it listens
                environment["SSH_AUTH_SOCK"] = socket
                key = source.deploy_key.reveal().rstrip("\n") + "\n"
                added = subprocess.run(
                    ["ssh-add", "-q", "-"],
                    input=key.encode(),
                    env=environment,
                    capture_output=True,
                    check=False,
                )
                if added.returncode != 0:
                    raise BunkerError(
                        "the deploy key cannot be read",
                        where="DEPLOY_KEY in the host's secrets",
                        expected="a private key in OpenSSH format, without a passphrase",
                        remedy="Set it again with: invoke secrets.set --key DEPLOY_KEY",
                    )
                yield environment
            finally:
                agent.terminate()
