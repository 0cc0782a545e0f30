"""Why a step failed, by what it printed: one table of causes, each with what helps. Pure.

The first cause whose pattern is found counts, so those that say more come first.
"""

import re
from dataclasses import dataclass
from typing import Final

Words = tuple[str, ...]
"""A command of ours without `invoke`, the fleet and the host: the task, then its options."""

ROOM: Final = ("ssh", "--command", "'df -h; df -i; sudo docker system df'")
NAMES: Final = ("ssh", "--command", "'cat /etc/resolv.conf; getent hosts example.org; ip route'")
POSTGRES: Final = ("logs", "--service", "v2-postgres")


@dataclass(frozen=True)
class Cause:
    """``sentence`` may name groups of the pattern. ``steps`` lead out of it, one after the other;
    ``again``: then the same may well succeed, else it takes another version. ``fetching``: only
    what a step that fetches something prints can show it."""

    name: str
    pattern: re.Pattern[str]
    sentence: str
    steps: tuple[Words, ...] = ()
    again: bool = True
    fetching: bool = False


@dataclass(frozen=True)
class Found:
    """A cause in an output, in words."""

    cause: Cause
    sentence: str


def _cause(
    name: str,
    pattern: str,
    sentence: str,
    *steps: Words,
    again: bool = True,
    fetching: bool = False,
) -> Cause:
    flags = re.IGNORECASE | re.DOTALL
    return Cause(name, re.compile(pattern, flags), sentence, steps, again, fetching)


CAUSES: Final = (
    _cause(
        "blocked by a failed migration",
        r"\bP3009\b.*?`(?P<migration>[^`\n]+)` migration",
        "the migration {migration} failed half-way before, and no other is applied before that is"
        " settled: undo or complete what it left in the database, then record that",
        POSTGRES,
        ("schema.resolve",),
    ),
    _cause(
        "a migration failed",
        r"\bP3018\b.*?Migration name: (?P<migration>\S+)"
        r"(?:.*?\n(?P<error>(?:ERROR|DbError)[^\n]*))?",
        "the migration {migration} failed in the database ({error}): undo or complete what it left"
        " there, record that, and take a version in which it is corrected",
        POSTGRES,
        ("schema.resolve",),
        again=False,
    ),
    _cause(
        "no space",
        r"no space left on device|\bno room |not enough room|disk quota exceeded",
        "the disk of the host is full",
        ROOM,
    ),
    _cause(
        "port taken",
        r"(?:bind for|listen tcp\d?|bind host port(?: for)?)\s+\S*?:(?P<port>\d+)[^\n]*"
        r"already (?:allocated|in use)",
        "port {port} of the host is taken by another program: stop that, or give this one another"
        " port in the host's file",
        ("ssh", "--command", "'sudo ss -ltnp'"),
    ),
    _cause(
        "wrong clock",
        r"certificate (?:is not yet valid|has expired or is not yet valid)"
        r"|not valid yet \(invalid for another",
        "a certificate or signature does not fit the time: it has expired, or the clock of the host"
        " is wrong",
        ("ssh", "--command", "'timedatectl'"),
        fetching=True,
    ),
    _cause(
        "unknown host key of the git server",
        r"host key verification failed",
        "the host key of the git server is not among application.repository_host_keys:"
        " ssh-keyscan shows it; compare its fingerprint",
        ("preflight",),
        fetching=True,
    ),
    _cause(
        "deploy key refused",
        r"permission denied \(publickey",
        "the git server does not accept the host's deploy key: add its public part to the"
        " repository, or store the right one",
        ("secrets.set", "--key", "DEPLOY_KEY"),
        ("preflight",),
        fetching=True,
    ),
    _cause(
        "rate limit of the registry",
        r"toomanyrequests|pull rate limit|unexpected status[^\n]*\b429\b",
        "the image registry allows no more pulls for now: wait, or log in to it",
        fetching=True,
    ),
    _cause(
        "login refused by the registry",
        r"pull access denied|denied: requested access|unauthorized: authentication required"
        r"|no basic auth credentials",
        "the image registry does not accept the login: the password is wrong or has expired",
        ("secrets.check",),
        fetching=True,
    ),
    _cause(
        "token refused",
        r"fatal: authentication failed for|could not read (?:username|password) for"
        r"|http basic: access denied|remote: repository not found",
        "the git server does not accept the token: it is wrong or has expired, or the repository"
        " is not there",
        ("secrets.set", "--key", "GIT_TOKEN"),
        ("preflight",),
        fetching=True,
    ),
    _cause(
        "names do not resolve",
        r"could not resolve host\b|temporary failure (?:in name resolution|resolving)"
        r"|lookup [^\n]*: no such host|server misbehaving",
        "the host cannot resolve names",
        NAMES,
        fetching=True,
    ),
    _cause(
        "registry or server away",
        r"dial tcp [^\n]*(?:i/o timeout|connection refused|unreachable)|tls handshake timeout"
        r"|client\.timeout exceeded|failed to connect to [^\n]*(?:timed out|refused)",
        "a server that the host fetches from cannot be reached",
        NAMES,
        fetching=True,
    ),
    _cause(
        "out of memory",
        r"\bheap out of memory\b|\boom-?kill|did not complete successfully: exit code: 137\b",
        "the host ran out of memory",
        ("ssh", "--command", "'free -m; sudo docker stats --no-stream'"),
    ),
)
FETCHING: Final = frozenset(
    {"source", "fetch the code", "pull and build images", "packages", "docker"}
)
"""Titles of the steps that fetch something."""
OF_CONTAINERS: Final = "\n--- "
"""What stands behind it are the logs of containers: they say why those failed, not the step."""


def find_cause(output: str, step: str = "") -> Found | None:
    """The cause that the output of a step shows, if it is one of the known ones."""
    title = step.partition(": ")[2]
    said = f"\n{output}".partition(OF_CONTAINERS)[0]
    for cause in CAUSES:
        if cause.fetching and step and title not in FETCHING:
            continue
        if match := cause.pattern.search(said):
            groups = {key: value or "no reason given" for key, value in match.groupdict().items()}
            return Found(cause, cause.sentence.format(**groups))
    return None
