"""What a host brings along that a deploy leaves as it is, told before the first one. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bunker.answers import by_key
from deploys.base.logins import Login

OURS = ("C", "POSIX", "C.UTF-8", "en_US.UTF-8")
"""Languages in which programs answer as everybody expects."""


@dataclass(frozen=True)
class Surroundings:
    """``variables`` are names that /etc/environment sets; ``language`` is the host's LANG.

    ``cloud_init`` are files that cloud-init wrote, ``lock`` says who keeps packages locked now.
    ``apparmor``: the kernel has it.
    """

    variables: tuple[str, ...] = ()
    language: str = ""
    cloud_init: tuple[str, ...] = ()
    lock: str = ""
    apparmor: bool = True


def read_surroundings(lines: Sequence[str]) -> Surroundings:
    """The lines ``KEY VALUE`` of ops/scripts/surroundings.sh."""
    found = by_key(lines)
    return Surroundings(
        variables=tuple(found.get("variable", ())),
        language="".join(found.get("language", ())[-1:]),
        cloud_init=tuple(found.get("cloud-init", ())),
        lock="".join(found.get("lock", ())[:1]),
        apparmor=found.get("apparmor") != ["no"],
    )


def surprises(there: Surroundings, login: Login) -> Iterator[str]:
    """A sentence for each thing that someone who deploys would want to know of."""
    if there.variables:
        names = ", ".join(there.variables)
        yield f"/etc/environment sets {names}; neither our commands nor containers get it"
    if there.language and there.language not in OURS:
        yield f"the host speaks {there.language}; our commands run in C.UTF-8"
    for path in there.cloud_init:
        why = "which sshd reads after ours" if path.startswith("/etc/ssh/") else "which stays"
        yield f"cloud-init wrote {path}, {why}"
    if login.name != "root" and login.home != f"/home/{login.name}":
        yield f"the home of {login.name} is {login.home}"
    if login.group and login.group != login.name:
        yield f"the group of {login.name} is {login.group}"
    if not there.apparmor:
        yield "the kernel has no AppArmor; programs and containers run without its profiles"
    if there.lock:
        yield f"{there.lock}; installing packages waits for it, up to 5 minutes"
