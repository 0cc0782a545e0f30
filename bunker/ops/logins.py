"""The part of the System fact that says who can log in, and where sshd listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pyinfra.api.exceptions import FactProcessError

from bunker.roles.base.logins import Login, Logins, Person
from bunker.shell import script_file, with_variables

_SCRIPTS: Final = Path(__file__).parent / "scripts"
_PASSWD_FIELDS: Final = 7


def logins_script(user: str) -> str:
    """Prints the sections that :func:`read_logins` reads. Nothing in it ends the fact's shell."""
    names = ("sshd_session", "sshd_ports", "logins")
    text = "".join(script_file(_SCRIPTS / f"{name}.sh") for name in names)
    return "(\n" + with_variables("set +e\n" + text, LOGIN=user) + ")\n"


def read_logins(found: Mapping[str, Sequence[str]]) -> Logins:
    """The answer as values; FactProcessError where it is not what the script prints."""
    try:
        said = _pairs(found["login"])
        files, modes = _files(found["sshd"])
        listening = found["listening"]
        return Logins(
            login=_login(dict(said)),
            files=files,
            modes=modes,
            ports=tuple(int(value) for key, value in _pairs(listening) if key == "port"),
            others=tuple(_other(value) for key, value in _pairs(listening) if key == "other"),
            socket="socket" in listening,
            people=_people(_pairs(found["people"])),
        )
    except (LookupError, ValueError) as error:
        raise FactProcessError(
            f"the host's answer about its logins cannot be read: {error}"
        ) from error


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    rows = (line.partition(" ") for line in lines if line.strip())
    return [(key, value.strip()) for key, _, value in rows]


def _login(said: Mapping[str, str]) -> Login | None:
    if not (row := said.get("passwd")):
        return None
    fields = row.split(":")
    if len(fields) != _PASSWD_FIELDS:
        raise ValueError(f"passwd says {row!r}")
    owner, _, mode = said.get("home", "").partition(" ")
    expires = said.get("expires", "")
    return Login(
        name=fields[0],
        home=fields[5].rstrip("/"),
        uid=int(fields[2]),
        gid=int(fields[3]),
        shell=fields[6] or "/bin/sh",
        group=said.get("group", ""),
        home_owner=owner,
        home_mode=int(mode or "0", 8),
        expires=int(expires) if expires and int(expires) >= 0 else None,
        today=int(said["today"]),
    )


def _files(lines: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    files: dict[str, list[str]] = {}
    modes = {}
    path = ""
    for line in lines:
        if line.startswith("|"):
            files[path].append(line[1:])
        elif line:
            mode, _, path = line.partition(" ")
            files[path] = []
            if mode != "link":
                modes[path] = int(mode, 8)
    return {name: tuple(content) for name, content in files.items()}, modes


def _other(value: str) -> tuple[int, str]:
    port, _, command = value.partition(" ")
    return int(port), command.strip()


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
        uid=int(uid),
        password="password" in flags,
        sudo="sudo" in flags,
        keys={path: int(number) for number, _, path in keys},
        sshd={setting: value for setting, _, value in sshd},
        error=flags.get("error", ""),
    )
