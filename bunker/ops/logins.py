"""The part of the System fact that says who can log in, and where sshd listens."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bunker.answers import UnreadableAnswer, mode, whole
from bunker.ops.facts import reading
from bunker.shell import script_file, with_variables
from deploys.base.logins import Login, Logins, Person

_SCRIPTS: Final = Path(__file__).parent / "scripts"
_PASSWD_FIELDS: Final = 7


def logins_script(user: str) -> str:
    """Prints the sections that :func:`read_logins` reads. Nothing in it ends the fact's shell."""
    names = ("sshd_session", "sshd_ports", "logins")
    text = "".join(script_file(_SCRIPTS / f"{name}.sh") for name in names)
    return "(\n" + with_variables("set +e\n" + text, LOGIN=user) + ")\n"


def read_logins(found: Mapping[str, Sequence[str]]) -> Logins:
    """The answer as values; BunkerError where it is not what the script prints."""
    with reading("its logins"):
        said = _pairs(found["login"])
        files, modes = _files(found["sshd"])
        listening = found["listening"]
        return Logins(
            login=_login(dict(said)),
            files=files,
            modes=modes,
            ports=tuple(_port(value) for key, value in _pairs(listening) if key == "port"),
            others=tuple(_other(value) for key, value in _pairs(listening) if key == "other"),
            socket="socket" in listening,
            unit=tuple(value for key, value in _pairs(listening) if key == "unit"),
            people=_people(_pairs(found["people"])),
        )


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    rows = (line.partition(" ") for line in lines if line.strip())
    return [(key, value.strip()) for key, _, value in rows]


def _login(said: Mapping[str, str]) -> Login | None:
    if not (row := said.get("passwd")):
        return None
    fields = row.split(":")
    if len(fields) != _PASSWD_FIELDS:
        raise UnreadableAnswer("its line in passwd has another form")
    owner, _, bits = said.get("home", "").partition(" ")
    return Login(
        name=fields[0],
        home=fields[5].rstrip("/"),
        uid=whole(fields[2], "its user id"),
        gid=whole(fields[3], "its group id"),
        shell=fields[6] or "/bin/sh",
        group=said.get("group", ""),
        home_owner=owner,
        home_mode=mode(bits or "0", "the mode of its home"),
        expires=_day(said.get("expires", "")),
        today=whole(said["today"], "its date"),
    )


def _day(text: str) -> int | None:
    day = whole(text, "the day its account ends", least=-1) if text else -1
    return day if day >= 0 else None


def _port(text: str) -> int:
    return whole(text, "a port that it listens on", most=65535)


def _files(lines: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    files: dict[str, list[str]] = {}
    modes = {}
    path = ""
    for line in lines:
        if line.startswith("|"):
            files[path].append(line[1:])
        elif line:
            bits, _, path = line.partition(" ")
            files[path] = []
            if bits != "link":
                modes[path] = mode(bits, f"the mode of {path}")
    return {name: tuple(content) for name, content in files.items()}, modes


def _other(value: str) -> tuple[int, str]:
    port, _, command = value.partition(" ")
    return _port(port), command.strip()


def _people(rows: Sequence[tuple[str, str]]) -> tuple[Person, ...]:
    groups: list[list[tuple[str, str]]] = []
    for key, value in rows:
        if key == "person":
            groups.append([])
        groups[-1].append((key, value))
    return tuple(_person(group) for group in groups)


def _person(rows: Sequence[tuple[str, str]]) -> Person:
    flags = dict(rows)
    name, _, uid = flags["person"].rpartition(" ")
    keys = (value.partition(" ") for key, value in rows if key == "keys")
    sshd = (value.partition(" ") for key, value in rows if key == "is")
    return Person(
        name=name,
        uid=whole(uid, f"the user id of {name}"),
        password="password" in flags,
        sudo="sudo" in flags,
        keys={path: whole(number, f"the keys in {path}") for number, _, path in keys},
        sshd={setting: value for setting, _, value in sshd},
        error=flags.get("error", ""),
    )
