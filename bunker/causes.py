"""The one table of causes why a step failed, each with what helps. Pure.

The first cause whose pattern is found counts, so those that say more come first. Patterns are of
what programs print on Debian 12 and 13; tests/lab/test_causes_and_ways_out.py brings each about.
"""

import re
from dataclasses import dataclass
from typing import Final

Words = tuple[str, ...]
"""A command of ours without `invoke`, the fleet and the host: the task, then its options."""

ROOM: Final = ("ssh", "--command", "'sudo df -h; sudo df -i; sudo docker system df'")
POSTGRES: Final = ("logs", "--service", "v2-postgres")


@dataclass(frozen=True)
class Cause:
    """``sentence`` and ``steps`` may name groups of the pattern, and what
    :class:`bunker.cause.Where` has.

    ``steps`` lead out of it, one after the other; one that names what the output does not say is
    left out. ``again``: then the same may well succeed, else it takes another version.
    ``fetching``: only what a step that fetches something prints can show it.
    """

    name: str
    pattern: re.Pattern[str]
    sentence: str
    steps: tuple[Words, ...] = ()
    again: bool = True
    fetching: bool = False


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
        "no room for the snapshot",
        r"no room for a dump of the database: (?P<needed>\d+ MB) are needed below"
        r" (?P<place>[^\s,]+), (?P<free>\d+ MB) are free",
        "there is no room for the copy of the database that a rollback needs: {needed} are needed"
        " below {place}, {free} are free; make room there",
        ("ssh", "--command", "'sudo df -h {place}; sudo ls -lh {place}'"),
    ),
    _cause(
        "no space",
        r"no space left on device|out of disk ?space|\bno room |not enough room|disk quota exceeded"
        r"|you don't have enough free space in",
        "a disk of the host is full: make room on it",
        ROOM,
    ),
    _cause(
        "port taken",
        r"(?:bind for|listen tcp\d?|bind host port(?: for)?)\s+\S*?:(?P<port>\d+)[^\n]*"
        r"already (?:allocated|in use)"
        r"|\bport (?P<port1>\d+)(?:/\w+)? is taken by (?P<holder>[^:,\n]*?)(?: of this host)?:",
        "port {port} of the host is taken by {holder}: stop that, or give this one another port in"
        " the host's file",
        (
            *("ssh", "--command"),
            "'sudo ss -ltunp sport = :{port}; sudo docker ps --filter publish={port}'",
        ),
    ),
    _cause(
        "wrong clock",
        r"(?:(?:unable to access '|Get \")https://(?P<server>[\w.-]+)(?::(?P<port>\d+))?[^\n]*)?"
        r"(?:x509: certificate (?:has expired|is not yet valid|signed by unknown)"
        r"|server (?:certificate )?verification failed|SSL certificate problem"
        r"|not valid yet \(invalid for another|not live until)",
        "the certificate or signature of {server} is not accepted: it has expired, is not valid yet"
        " or comes from an unknown issuer, or the clock of {who} is wrong",
        ("ssh", "--command", "'date -u; timedatectl'"),
        (
            *("ssh", "--command"),
            "'openssl s_client -connect {server}:{port} </dev/null | openssl x509 -noout -issuer"
            " -dates'",
        ),
        fetching=True,
    ),
    _cause(
        "unknown host key of the git server",
        r"(?:host key (?:is known )?for \[?(?P<server>[\w.-]+)(?:\]:(?P<port>\d+))? .*?)?"
        r"host key verification failed",
        "the host key of the git server is not among {settings}.repository_host_keys: look at those"
        " that it shows (ssh-keyscan), compare the fingerprint, and put the line there",
        ("ssh", "--command", "'ssh-keyscan -p {port} {server}'"),
        ("preflight",),
        fetching=True,
    ),
    _cause(
        "deploy key refused",
        r"permission denied \(publickey",
        "the git server does not accept the host's deploy key: add its public part to the"
        " repository, or store the right one",
        ("secrets.set", "--key", "{prefix}DEPLOY_KEY"),
        ("preflight",),
        fetching=True,
    ),
    _cause(
        "rate limit of the registry",
        r"toomanyrequests|pull rate limit|unexpected status[^\n]*\b429\b",
        "the image registry allows no more pulls for now: wait (it may take hours), or give the"
        " host a login or a mirror",
        fetching=True,
    ),
    _cause(
        "login refused by the registry",
        r"the registry (?P<server>\S+) refuses the login of (?P<user>[^\s;]+);"
        r"[^\n]* --key (?P<key>\w+)",
        "the registry {server} does not accept the login of {user}: its password is wrong or has"
        " expired",
        ("secrets.set", "--key", "{key}"),
        fetching=True,
    ),
    _cause(
        "no login for the registry",
        r"pull access denied|denied: requested access|unauthorized: authentication required"
        r"|unauthorized: incorrect username|response from daemon: (?:denied|unauthorized)\b"
        r"|no basic auth credentials",
        "the image registry wants a login, another one, or does not have the image: a Compose"
        " project gets a login under registries in the host's file, the instance itself by sudo"
        " docker login on the host",
        ("ssh",),
        fetching=True,
    ),
    _cause(
        "token refused",
        r"authentication failed for 'http|could not read (?:username|password) for"
        r"|http basic: access denied|remote: repository not found",
        "the git server does not accept the token: it is wrong or has expired, or the repository"
        " is not there",
        ("secrets.set", "--key", "{prefix}GIT_TOKEN"),
        ("preflight",),
        fetching=True,
    ),
    _cause(
        "names do not resolve",
        r"could not resolve host(?:name)?:? (?P<name>[\w.-]+)"
        r"|temporary failure (?:in name resolution|resolving '(?P<name1>[\w.-]+))"
        r"|lookup (?P<name2>[\w.-]+)[^\n]*: (?:no such host|server misbehaving|i/o timeout)"
        r"|getaddrinfo (?:enotfound|eai_again) (?P<name3>[\w.-]+)",
        "{who} cannot resolve the name {name}: it is wrong, or the name service of {who} does not"
        " work",
        (
            *("ssh", "--command"),
            "'getent hosts {name} || echo no address; cat /etc/resolv.conf; ip route'",
        ),
        fetching=True,
    ),
    _cause(
        "registry or server away",
        r"dial tcp (?P<server>[\w.-]+):(?P<port>\d+): (?:connect: )?(?:i/o timeout|no route to host"
        r"|connection (?:refused|timed out)|network is unreachable)"
        r"|https://(?P<server1>[\w.-]+)(?::(?P<port1>\d+))?[^\n]*"
        r"(?:tls handshake timeout|client\.timeout exceeded)"
        r"|failed to connect to (?P<server2>[\w.-]+) port (?P<port2>\d+)[^\n]*"
        r"(?:timed out|refused|could not connect|unreachable|no route)"
        r"|connect to host (?P<server3>[\w.-]+) port (?P<port3>\d+): "
        r"(?:connection (?:refused|timed)|no route to host|network is unreachable)",
        "{who} cannot reach {server} port {port}: that is away, or something between the two does"
        " not let it through",
        (
            *("ssh", "--command"),
            '\'getent hosts {server}; ip route; timeout 5 bash -c "</dev/tcp/{server}/{port}"'
            " && echo it answers'",
        ),
        fetching=True,
    ),
    _cause(
        "out of memory",
        r"\bheap out of memory\b|\boom-?kill|did not complete successfully: exit code: 137\b",
        "the host ran out of memory",
        ("ssh", "--command", "'free -m; sudo docker stats --no-stream'"),
    ),
)
