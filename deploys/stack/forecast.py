"""Which services a change of files makes anew, by what Compose says of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bunker.answers import UnreadableAnswer, by_key, line


@dataclass(frozen=True)
class Forecast:
    """What the next ``up`` does to the services, in the application's order.

    ``created`` have no container yet, ``removed`` are no part of the project any more. ``builds``:
    images are built from something that changed. ``unknown``: none of that is known; where Compose
    refuses the files, ``refused`` is its word.
    """

    recreated: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    builds: bool = False
    unknown: bool = False
    refused: str = ""


@dataclass(frozen=True)
class _Container:
    service: str
    hash: str
    depends_on: str
    places: str

    @property
    def refers(self) -> bool:
        # To another container, whose id is then in the hash: no two of them can be compared.
        return "container:" in self.places

    def follows(self, anew: set[str], data: Collection[str]) -> bool:
        """Whether it is made anew with one that it depends on, as Compose 2.26 does it."""
        for dependency in self.depends_on.split(","):
            name, _, rest = dependency.partition(":")
            if name in anew and (name not in data or rest.endswith(":true")):
                return True
        return False


def read_forecast(
    found: Mapping[str, Sequence[str]], order: Sequence[str] = (), data: Collection[str] = ()
) -> Forecast:
    """The answer of ``scripts/forecast.sh``, by section. Raises LookupError or UnreadableAnswer.

    ``order`` are the known services. Those of ``data`` are brought up by themselves before the
    services that use them.

    A container is made anew when its own hash is not the one of the new files. Beside that, on the
    safe side: when its image is built from something else; when a network, volume, config or secret
    that it uses is defined in another way (Compose 2.26 keeps it then, later ones do not); when it
    follows one that is made anew.
    """
    if "refused" in found:
        why = " ".join(line(row, "Compose's word") for row in found["refused"] if row)
        return Forecast(builds=True, unknown=True, refused=why or "it does not say why")
    before, after = _hashes(found["before"]), _hashes(found["after"])
    containers = [_container(row) for row in found["containers"] if row]
    told = by_key(found["project"])
    there = {one.service for one in containers}
    other = {*told.get("builds", ()), *told.get("uses", ())}
    anew = {
        one.service
        for one in containers
        if one.service in other
        or after.get(one.service) != (before.get(one.service) if one.refers else one.hash)
    } & after.keys()
    while more := {
        one.service
        for one in containers
        if one.service in after and one.service not in anew and one.follows(anew, data)
    }:
        anew |= more
    return Forecast(
        recreated=_in_order(anew, order),
        created=_in_order(after.keys() - there, order),
        removed=_in_order(there - set(told.get("known", ())), order),
        builds="builds" in told,
    )


def _hashes(rows: Sequence[str]) -> dict[str, str]:
    return dict(line(row, "a service's hash").rsplit(" ", 1) for row in rows if " " in row)


def _container(row: str) -> _Container:
    fields = line(row, "a container").split("|")
    if len(fields) != 4:
        raise UnreadableAnswer("a container is told in another form")
    return _Container(*fields)


def _in_order(names: set[str], order: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))
    )
