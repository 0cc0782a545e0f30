"""sshd's configuration as it stands on a host: read as sshd reads it, and made room in for ours.

sshd takes the first value of a setting, except for Port, ListenAddress and HostKey, which add up.
A Match block lasts until the next one or the end of its file. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Final

from bunker.errors import BunkerError

MAIN: Final = "/etc/ssh/sshd_config"
DROP_IN: Final = "/etc/ssh/sshd_config.d/00-bunker.conf"
INCLUDE: Final = "Include /etc/ssh/sshd_config.d/*.conf"
ADDING_UP: Final = ("port", "listenaddress", "hostkey", "acceptenv", "subsystem", "setenv")
DEEPEST_INCLUDE: Final = 16
NEVER_IN_BLOCKS: Final = ("authorizedkeysfile", "banner", "loglevel", "maxsessions")
"""What a Match block may set as it likes: it opens nothing."""

_LINE: Final = re.compile(r"^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$")
_PORT_OF_ADDRESS: Final = re.compile(r"^(?:\[.*\]|[^:\[\]]*):(\d+)(?:\s|$)")


@dataclass(frozen=True)
class Setting:
    """One line of a file; ``number`` counts from 1, ``match`` is "" outside of Match blocks."""

    file: str
    number: int
    keyword: str
    value: str
    match: str = ""

    @property
    def place(self) -> str:
        """``FILE:LINE``."""
        return f"{self.file}:{self.number}"

    @property
    def own_port(self) -> int | None:
        """The port of a ListenAddress that names one."""
        found = _PORT_OF_ADDRESS.match(self.value) if self.keyword == "listenaddress" else None
        return int(found[1]) if found else None


def settings(
    files: Mapping[str, Sequence[str]], file: str = MAIN, match: str = "", depth: int = 0
) -> Iterator[Setting]:
    """Every line that counts, as sshd reads them; an Include line before what it includes."""
    for number, line in enumerate(files.get(file, ()), 1):
        found = _LINE.match(line)
        if not found:
            continue
        keyword, value = found[1].lower(), found[2]
        if keyword == "match":
            match = value
            continue
        yield Setting(file, number, keyword, value, match)
        if keyword == "include" and depth < DEEPEST_INCLUDE:
            for included in _included(value, files):
                yield from settings(files, included, match, depth + 1)


def _patterns(value: str) -> list[str]:
    words = value.split("#", 1)[0].replace('"', "").split()
    return [word if word.startswith("/") else f"/etc/ssh/{word}" for word in words]


def _included(value: str, files: Mapping[str, Sequence[str]]) -> list[str]:
    found = []
    for pattern in _patterns(value):
        found += sorted(file for file in files if _globbed(file, pattern) and file != MAIN)
    return found


def _globbed(file: str, pattern: str) -> bool:
    """As glob(3) does it: a wildcard does not stand for a slash."""
    parts, wanted = file.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch, parts, wanted))


def rewritten(
    files: Mapping[str, Sequence[str]], ours: Sequence[Setting], ports: Sequence[int]
) -> dict[str, tuple[str, ...]]:
    """The foreign files that have to change, with their new lines.

    The main file where it includes our drop-in too late or not at all, and files that name other
    ports than ``ports``: those lines become comments.
    """
    changed: dict[str, list[str]] = {}
    foreign = [item for item in settings(files) if item.file != DROP_IN]
    for item in foreign:
        named = item.keyword == "port" or item.own_port not in (None, *ports)
        if named:
            lines = changed.setdefault(item.file, list(files[item.file]))
            line = lines[item.number - 1].strip()
            lines[item.number - 1] = f"# {line}  (Bunker Ops: ports are set in {DROP_IN})"
    if _comes_late(files, {item.keyword for item in ours}):
        lines = changed.setdefault(MAIN, list(files.get(MAIN, ())))
        for item in foreign:
            if item.file == MAIN and item.keyword == "include" and _names_ours(item.value):
                rest = [word for word in _patterns(item.value) if not _globbed(DROP_IN, word)]
                lines[item.number - 1] = f"Include {' '.join(rest)}" if rest else ""
        lines.insert(0, INCLUDE)
    return {path: tuple(lines) for path, lines in changed.items()}


def _names_ours(value: str) -> bool:
    return any(_globbed(DROP_IN, pattern) for pattern in _patterns(value))


def _comes_late(files: Mapping[str, Sequence[str]], keywords: set[str]) -> bool:
    """Whether something of what we set, or a Match block, stands before our drop-in's Include."""
    for item in settings({MAIN: files.get(MAIN, ())}):
        if item.match:
            return True
        if item.keyword == "include" and _names_ours(item.value):
            return False
        if item.keyword in keywords and item.keyword not in ADDING_UP:
            return True
    return True


def parsed(text: str) -> list[Setting]:
    """The settings outside of Match blocks of our own drop-in."""
    found = settings({DROP_IN: text.splitlines()}, DROP_IN)
    return [item for item in found if not item.match]


def read_before_ours(
    files: Mapping[str, Sequence[str]], ours: Sequence[Setting]
) -> Iterator[BunkerError]:
    """Settings of other drop-ins that sort before ours and say something else: theirs would win."""
    wanted = {item.keyword: item.value for item in ours if item.keyword not in ADDING_UP}
    with_ours = {DROP_IN: (), **files, MAIN: (INCLUDE,)}
    for path in sorted(path for path in with_ours if _globbed(path, _patterns(INCLUDE[8:])[0])):
        if path == DROP_IN:
            return
        for item in settings(with_ours, path):
            if item.match or wanted.get(item.keyword, item.value).lower() == item.value.lower():
                continue
            yield BunkerError(
                f"{item.keyword} {item.value} is read before ours and would win",
                where=item.place,
                expected=f"{item.keyword} {wanted[item.keyword]}",
                remedy=f"Remove the line, or give the file a name that sorts after {DROP_IN}",
            )


def weakened(files: Mapping[str, Sequence[str]], ours: Sequence[Setting]) -> Iterator[str]:
    """Sentences about Match blocks that set something else than we do."""
    wanted = {item.keyword: item.value for item in ours if item.keyword not in ADDING_UP}
    for item in settings(files):
        if not item.match or item.file == DROP_IN or item.keyword in NEVER_IN_BLOCKS:
            continue
        if wanted.get(item.keyword, item.value).lower() != item.value.lower():
            yield f"{item.place}: for Match {item.match} it is {item.keyword} {item.value}"


def listening_problem(
    files: Mapping[str, Sequence[str]], ports: Sequence[int]
) -> BunkerError | None:
    """A wanted port on which no ListenAddress would let sshd listen."""
    addresses = [item for item in settings(files) if item.keyword == "listenaddress"]
    kept = [item for item in addresses if item.own_port in (None, *ports)]
    free = any(item.own_port is None for item in kept)
    missing = [port for port in ports if port not in [item.own_port for item in kept]]
    if not addresses or free or not missing:
        return None
    first = addresses[0]
    return BunkerError(
        f"ListenAddress {first.value} keeps sshd from port {missing[0]}",
        where=first.place,
        expected=f"no port in it, or port {missing[0]}",
        remedy="Change or remove the line, and deploy again",
    )
