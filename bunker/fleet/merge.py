"""Merging what the fleet, the groups and the host say, and telling where a value came from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bunker.fleet.yaml_file import Path


@dataclass(frozen=True)
class Layer:
    """One source of values; ``place`` turns a key's path into ``file:line``."""

    data: Mapping[str, Any]
    place: Callable[[Path], str]


def deep_merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """``upper`` over ``lower``: sections are merged key by key, anything else is replaced.

    Neither argument is changed. Lists are replaced as a whole, so that a host can also shorten one.
    """
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = deep_merge(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def lookup(data: Any, path: Path) -> Any:
    """The value at a path; KeyError where there is none."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(data, list | tuple) or step >= len(data):
                raise KeyError(step)
            data = data[step]
        elif isinstance(data, Mapping):
            data = data[step]
        else:
            raise KeyError(step)
    return data


def leaves(data: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that is no section of keys, or an empty one, with its path."""
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def source_of(layers: Iterable[Layer], path: Path) -> Layer | None:
    """The strongest layer that says something about this path."""
    found = None
    for layer in layers:
        try:
            lookup(layer.data, path)
        except KeyError:
            # A list or a plain value of a stronger layer hides what a weaker one said below it.
            if found is not None and _replaces(layer.data, path):
                found = None
            continue
        found = layer
    return found


def _replaces(data: Mapping[str, Any], path: Path) -> bool:
    for depth in range(1, len(path)):
        try:
            value = lookup(data, path[:depth])
        except KeyError:
            return False
        if not isinstance(value, Mapping):
            return True
    return False
