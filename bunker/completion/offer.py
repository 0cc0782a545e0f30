"""Words that can stand at the end of a command line. Only the standard library is loaded here."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from bunker.glance import keys_below, listed

CODE: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = ("bunker/tasks.py", "bunker/cli/*.py", "bunker/runs/**/*.py", "deploys/*.py")
"""What commands, options and roles are made of: where one is newer, they are asked for anew."""
ROLES: Final = "deploys/*/__init__.py"
FRONT: Final = "from bunker.tasks import"
GROUPS: Final = "groups"
TAGS: Final = "tags"


def offer(words: list[str]) -> list[str]:
    """What may stand in place of the last of these words, which follow `invoke`.

    Nothing where this is no fleet: other projects have an `invoke` too.
    """
    root = fleet_root()
    if root is None or not words:
        return []
    words = _rejoined(words)
    *before, last = words
    program = known()
    commands = program["commands"]
    name, used, option = _place(before, commands)
    command = commands.get(name, {"hosts": False, "options": {}, "words": []})
    flag, equals, value = last.partition("=")
    if equals and flag.startswith("--"):
        found = _values(command["options"].get(flag, ""), root, words, value)
        return [f"{flag}={one}" for one in found]
    if option:
        return _values(option, root, words, last)
    kinds = command["words"]
    hosts = _values("host", root, words, last) if command["hosts"] else []
    if last.startswith("-") or (name and not last and not kinds):
        options = [one for one in command["options"] if one not in program["aliases"]]
        return [*hosts, *_fitting(options or ("--list", "--help"), last)]
    if used < len(kinds):
        return _values(kinds[used], root, words, last)
    return [*hosts, *_fitting(commands, last)]


def fleet_root() -> Path | None:
    """The folder whose tasks.py `invoke` would load, if it is a fleet's."""
    given = os.environ.get("BUNKER_ROOT")
    here = Path.cwd()
    for folder in [Path(given)] if given else [here, *here.parents]:
        front = folder / "tasks.py"
        if given or front.is_file():
            return folder if given or FRONT in front.read_text(errors="replace") else None
    return None


def known() -> dict[str, Any]:
    """The commands and roles of this program, from the last time that it was asked for them."""
    mark = _mark()
    place = _cache() / f"{crc32(str(CODE).encode()):08x}.json"
    try:
        found: dict[str, Any] = json.loads(place.read_text())
        if found["mark"] == mark:
            return found
    except (OSError, ValueError, KeyError, TypeError):
        pass
    from bunker.completion.known import ask  # loads the whole front door

    return ask(place, mark)


def _mark() -> str:
    """Which program it is: every source with the time of its last change."""
    paths = (path for pattern in (*SOURCES, ROLES) for path in sorted(CODE.glob(pattern)))
    return "\n".join(f"{path} {path.stat().st_mtime_ns}" for path in paths)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bunker" / "completion"


def _rejoined(words: list[str]) -> list[str]:
    """The words as typed: bash takes `--host=north` for three of them."""
    joined: list[str] = []
    for word in words:
        if joined and (word == "=" or joined[-1].endswith("=")) and joined[-1].startswith("--"):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _place(before: list[str], commands: dict[str, Any]) -> tuple[str, int, str]:
    """The command that is being typed, how many plain words it has, and what a value is of.

    Behind one command another one may follow.
    """
    name, used, option = "", 0, ""
    for word in before:
        if option:
            option = ""
        elif word.startswith("-"):
            option = (
                "" if "=" in word else commands.get(name, {"options": {}})["options"].get(word, "")
            )
        elif name and used < len(commands[name]["words"]):
            used += 1
        elif word in commands:
            name, used = word, 0
    return name, used, option


def _values(kind: str, root: Path, words: list[str], last: str) -> list[str]:
    """Values of one kind; behind commas, as one word with those before."""
    first, comma, rest = last.rpartition(",")
    make = KINDS.get(kind)
    given = set(first.split(","))
    found = [] if make is None else [one for one in make(root, words) if one not in given]
    return [f"{first}{comma}{one}" for one in _fitting(found, rest)]


def _fitting(found: Iterable[str], beginning: str) -> list[str]:
    return [word for word in found if word.startswith(beginning)]


def _fleets(root: Path, _words: list[str]) -> list[str]:
    return sorted(path.stem for path in root.glob("inventories/[a-z]*.py"))


def _files(root: Path, fleet: str) -> list[Path]:
    paths = sorted(root.glob(f"inventories/{fleet}/[!.]*.yml"))
    return [path for path in paths if not path.name.endswith(".sops.yml")]


def _fleet(root: Path, words: list[str]) -> str:
    """The fleet that the command would work on."""
    for at, word in enumerate(words[:-1]):
        if word.startswith("--fleet"):
            return word.partition("=")[2] or words[at + 1]
    named = os.environ.get("BUNKER_FLEET")
    inhabited = [fleet for fleet in _fleets(root, words) if _files(root, fleet)]
    return named or (inhabited[0] if len(inhabited) == 1 else "production")


def _hosts(root: Path, words: list[str]) -> list[str]:
    return [path.stem for path in _files(root, _fleet(root, words))]


def _lab_hosts(root: Path, _words: list[str]) -> list[str]:
    return [path.stem for path in _files(root, "lab")]


def _texts(root: Path, words: list[str]) -> list[str]:
    """The host files: of the hosts that were named already, else all."""
    files = _files(root, _fleet(root, words))
    named = [path for path in files if path.stem in words]
    return [path.read_text(errors="replace") for path in named or files]


def _listed(root: Path, words: list[str], key: str) -> set[str]:
    """What stands in a list of words of any host file."""
    files = _files(root, _fleet(root, words))
    return {word for path in files for word in listed(path.read_text(errors="replace"), key)}


def _groups(root: Path, words: list[str]) -> list[str]:
    return sorted({"all", _fleet(root, words), *_listed(root, words, GROUPS)})


def _tags(root: Path, words: list[str]) -> list[str]:
    return sorted(_listed(root, words, TAGS))


def _applications(root: Path, words: list[str]) -> list[str]:
    main = known().get("main", "")
    found: set[str] = set()
    for text in _texts(root, words):
        found |= {*keys_below(text, "applications")} | (listed(text, GROUPS) & {main})
    return sorted(found)


def _runs(root: Path, _words: list[str]) -> list[str]:
    from bunker.journal.run_names import newest  # sqlite, where runs are asked for

    return newest(root)


KINDS: Final[dict[str, Callable[[Path, list[str]], list[str]]]] = {
    "host": _hosts,
    "lab host": _lab_hosts,
    "group": _groups,
    "app": _applications,
    "tag": _tags,
    "fleet": _fleets,
    "role": lambda _root, _words: list(known()["roles"]),
    "run": _runs,
    "shell": lambda _root, _words: ["bash", "fish", "zsh"],
}
