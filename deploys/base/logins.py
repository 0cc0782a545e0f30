"""Who can log in to a host as it is, by what, and what an operator has to know of it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bunker.errors import BunkerError
from bunker.fleet.models import Host

NO_LOGIN: Final = ("nologin", "false", "sync", "shutdown", "halt")
WRITABLE_BY_OTHERS: Final = 0o022


@dataclass(frozen=True)
class Login:
    """The account that the inventory logs in with, as the host's passwd has it.

    ``home_owner`` is "" where the home is not there. ``expires`` and ``today`` are days since 1970.
    """

    name: str
    home: str
    uid: int = 1000
    gid: int = 1000
    shell: str = "/bin/sh"
    group: str = ""
    home_owner: str = ""
    home_mode: int = 0o755
    expires: int | None = None
    today: int = 0


@dataclass(frozen=True)
class Person:
    """An account that has a shell: ``keys`` are their number by file, ``sshd`` is what sshd says.

    ``sshd`` is effective for a login from where the operator is; ``error`` why it cannot say so.
    """

    name: str
    uid: int
    password: bool = False
    sudo: bool = False
    keys: Mapping[str, int] = field(default_factory=dict)
    sshd: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def enters_by_key(self) -> bool:
        """Whether sshd takes a key of this account."""
        closed = self.uid == 0 and self.sshd.get("permitrootlogin") in ("no", None)
        return bool(self.keys) and not closed and self.sshd.get("pubkeyauthentication") == "yes"

    @property
    def enters_by_password(self) -> bool:
        """Whether sshd takes the password of this account."""
        if self.uid == 0 and self.sshd.get("permitrootlogin") != "yes":
            return False
        asked = ("passwordauthentication", "kbdinteractiveauthentication")
        alone = self.sshd.get("authenticationmethods") in (None, "any")
        return self.password and alone and any(self.sshd.get(key) == "yes" for key in asked)


@dataclass(frozen=True)
class Logins:
    """What a host said about its logins and its sshd.

    ``files`` are sshd's configuration files with their lines, the main file among them, ``modes``
    their permission bits (none for a symbolic link). ``ports`` are where sshd listens now,
    ``others`` are (port, command) of further SSH servers. ``socket``: systemd listens in sshd's
    place, by the lines ``unit``.
    """

    login: Login | None
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    others: tuple[tuple[int, str], ...] = ()
    socket: bool = False
    unit: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()


def login_of(host: Host, logins: Logins) -> Login:
    """The account, where it is one that can be managed; otherwise :class:`BunkerError`."""
    login = logins.login
    if login is None:
        raise BunkerError(
            f"the host's passwd has no user {host.user}",
            where=f"{host.name}: user",
            expected="a local account, or one that `getent passwd` finds",
            remedy=f"Make the account on the host, or set `user` of {host.name} to the one in use",
        )
    if not login.home.startswith("/") or set(login.home) & set(" \t'\"\\$`*?[]%"):
        raise BunkerError(
            f"the home of {login.name} is {login.home!r}",
            where=f"{host.name}: passwd",
            expected="an absolute path without blanks, quotes and signs that a shell expands",
            remedy=f"On the host: usermod --home /home/{login.name} {login.name}",
        )
    if login.shell.rsplit("/", 1)[-1] in NO_LOGIN:
        raise BunkerError(
            f"the shell of {login.name} is {login.shell}: it allows no login",
            where=f"{host.name}: passwd",
            expected="a shell such as /bin/bash",
            remedy=f"On the host: usermod --shell /bin/bash {login.name}",
        )
    if login.expires is not None and login.expires <= login.today:
        raise BunkerError(
            f"the account {login.name} has expired",
            where=f"{host.name}: shadow",
            remedy=f"On the host: chage --expiredate -1 {login.name}",
        )
    return login


def home_problem(host: Host, login: Login) -> BunkerError | None:
    """Why sshd, which checks modes (StrictModes), would refuse keys that lie in the home."""
    owner, home = login.home_owner, login.home
    if not owner:
        text = f"the home of {login.name} does not exist"
        command = f"install -d -m 0755 -o {login.name} {home}"
    elif owner not in (login.name, "root"):
        text = f"the home of {login.name} belongs to {owner}: sshd refuses keys there"
        command = f"chown {login.name} {home}"
    elif login.home_mode & WRITABLE_BY_OTHERS:
        mode = f"mode {login.home_mode:o}"
        text = f"others may write to the home of {login.name} ({mode}): sshd refuses keys there"
        command = f"chmod g-w,o-w {home}"
    else:
        return None
    return BunkerError(text, where=f"{host.name}: {home}", remedy=f"On the host: {command}")


def closing(
    host: Host, logins: Logins, *, pinned: str | None, placed: bool
) -> Iterator[tuple[str, str]]:
    """(account, sentence) of each way in that our sshd configuration will close.

    ``pinned`` is the one file of keys that will count for the inventory's login, if any;
    ``placed``: our sshd configuration is there and read already.
    """
    for person in logins.people:
        if person.name == host.user:
            for path, number in person.keys.items():
                if pinned not in (None, path):
                    yield person.name, f"{_keys(number)} in {path} log in as {person.name} no more"
        elif placed:
            continue  # what is open all the same, a Match block opens, and it stays
        elif person.uid == 0 and (person.enters_by_key or person.enters_by_password):
            by = f"its {_keys(sum(person.keys.values()))}" if person.keys else "its password"
            yield person.name, f"root logs in no more by {by}"
        elif person.enters_by_password and not person.enters_by_key:
            yield person.name, f"{person.name} has no key: it logs in by password no more"


def remaining(host: Host, logins: Logins, *, pinned: str | None, placed: bool) -> Iterator[str]:
    """Sentences about who else can log in and stays so; ``placed``: our sshd configuration is."""
    login = logins.login
    if login and login.expires is not None:
        days = login.expires - login.today
        yield f"the account {login.name} expires in {days} day{'s' * (days != 1)}"
    for person in logins.people:
        if person.error:
            yield f"sshd does not say how {person.name} can log in: {person.error}"
        if person.name == host.user:
            if pinned is None and len(person.keys) > 1:
                yield f"{person.name} logs in by keys in {' and '.join(person.keys)}"
        elif (placed or person.uid) and person.enters_by_key:
            sudo = " and has sudo" if person.sudo else ""
            yield f"{person.name} can log in ({_keys(sum(person.keys.values()))}){sudo}"
        if placed and person.name != host.user and person.enters_by_password:
            yield f"{person.name} can log in by password"
        if (command := person.sshd.get("authorizedkeyscommand", "none")) != "none":
            yield f"keys that {command} prints can log in as {person.name}"
        if (authority := person.sshd.get("trustedusercakeys", "none")) != "none":
            yield f"certificates that {authority} signs can log in as {person.name}"
    for port, command in logins.others:
        yield f"another SSH server listens on port {port}, with settings of its own: {command}"


def _keys(number: int) -> str:
    return f"{number} key{'s' * (number != 1)}"
