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
    ``again``: then the same may well succeed, else it takes another version."""

    name: str
    pattern: re.Pattern[str]
    sentence: str
    steps: tuple[Words, ...] = ()
    again: bool = True


@dataclass(frozen=True)
class Found:
    """A cause in an output, in words."""

    cause: Cause
    sentence: str


def _cause(name: str, pattern: str, sentence: str, *steps: Words, again: bool = True) -> Cause:
    flags = re.IGNORECASE | re.DOTALL
    return Cause(name, re.compile(pattern, flags), sentence, steps, again)


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
        "the clock of the host is wrong, so certificates and signatures do not fit",
        ("ssh", "--command", "'timedatectl'"),
    ),
    _cause(
        "unknown host key of the git server",
        r"host key verification failed",
        "the host key of the git server is not among application.repository_host_keys:"
        " ssh-keyscan shows it; compare its fingerprint",
        ("preflight",),
    ),
    _cause(
        "deploy key refused",
        r"permission denied \(publickey",
        "the git server does not accept the host's deploy key: add its public part to the"
        " repository, or store the right one",
        ("secrets.set", "--key", "DEPLOY_KEY"),
        ("preflight",),
    ),
    _cause(
        "rate limit of the registry",
        r"toomanyrequests|too many requests|pull rate limit",
        "the image registry allows no more pulls for now: wait, or log in to it",
    ),
    _cause(
        "login refused by the registry",
        r"pull access denied|denied: requested access|unauthorized: |no basic auth credentials",
        "the image registry does not accept the login: the password is wrong or has expired",
        ("secrets.check",),
    ),
    _cause(
        "token refused",
        r"authentication failed|could not read (?:username|password)|access denied\b"
        r"|repository [^\n]*not found",
        "the git server does not accept the token: it is wrong or has expired, or the repository"
        " is not there",
        ("secrets.set", "--key", "GIT_TOKEN"),
        ("preflight",),
    ),
    _cause(
        "names do not resolve",
        r"could not resolve|temporary failure (?:in name resolution|resolving)|no such host"
        r"|server misbehaving",
        "the host cannot resolve names",
        NAMES,
    ),
    _cause(
        "registry or server away",
        r"dial tcp [^\n]*(?:i/o timeout|connection refused|unreachable)|tls handshake timeout"
        r"|client\.timeout exceeded|failed to connect to [^\n]*(?:timed out|refused)",
        "a server that the host fetches from cannot be reached",
        NAMES,
    ),
    _cause(
        "out of memory",
        r"\bout of memory\b|\boom-?kill|exit code: 137\b",
        "the host ran out of memory",
        ("ssh", "--command", "'free -m; sudo docker stats --no-stream'"),
    ),
)


def find_cause(output: str) -> Found | None:
    """The cause that an output shows, if it is one of the known ones."""
    for cause in CAUSES:
        if match := cause.pattern.search(output):
            groups = {key: value or "no reason given" for key, value in match.groupdict().items()}
            return Found(cause, cause.sentence.format(**groups))
    return None
