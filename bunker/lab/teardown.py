"""Taking a lab down: exactly what carries its labels."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from bunker.lab.engine import AbsentError, Engine
from bunker.lab.names import Naming
from bunker.lab.progress import progress

SIMULTANEOUS = 8


def remove_all(engine: Engine, naming: Naming) -> None:
    """Remove the lab's containers, networks and volumes."""
    own = naming.filters
    _each("container", _ids(engine.containers(all=True, filters=own)), engine.remove)
    _each("network", _ids(engine.networks(filters=own)), engine.remove_network)
    names = [volume["Name"] for volume in engine.volumes(filters=own)["Volumes"] or []]
    _each("volume", names, engine.drop_volume)


def _ids(listed: Iterable[dict[str, str]]) -> list[str]:
    return [item["Id"] for item in listed]


def _each(what: str, names: list[str], remove: Callable[[str], object]) -> None:
    def gone(name: str) -> None:
        with suppress(AbsentError):
            remove(name)

    if names:
        progress(f"removing {len(names)} {what}{'s' * (len(names) > 1)}")
        with ThreadPoolExecutor(max_workers=SIMULTANEOUS) as pool:
            list(pool.map(gone, names))
