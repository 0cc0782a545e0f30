"""Comparing the environment table with the ``.env.example`` of a checkout."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bunker.application.dotenv import parse_dotenv
from bunker.application.table import Variable

# An example often shows optional keys commented out: `# MAPBOX_API_KEY=`.
_COMMENTED = re.compile(r"^[ \t]*#[ \t]?([A-Z][A-Z0-9_]+)=[^ \n]*[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class ChangedDefault:
    """A key whose default differs; ``ours`` is the table's, ``theirs`` the example's."""

    key: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class EnvCheck:
    """What the example and the table disagree on, each in the order of its source.

    ``missing``: keys of the example that the table lacks, so no host gets them. ``unknown``: keys
    of the table that the example lacks, so the application may not read them. ``changed``: fixed,
    non-secret defaults that differ.
    """

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    changed: tuple[ChangedDefault, ...]

    @property
    def agrees(self) -> bool:
        """Whether both name the same keys with the same defaults."""
        return not (self.missing or self.unknown or self.changed)


def compare_with_example(
    example_text: str, table: Mapping[str, Variable], *, where: str = ".env.example"
) -> EnvCheck:
    """How ``table`` differs from an ``.env.example``.

    Keys that the example shows commented out count as known to it, without a default. Derived and
    secret defaults are not compared, nor is an example's empty value. Raises
    :class:`BunkerError` with the line where the example cannot be read.
    """
    example = parse_dotenv(example_text.encode(), where=where)
    mentioned = set(example) | set(_COMMENTED.findall(example_text))
    changed = []
    for key, row in table.items():
        theirs = example.get(key, "")
        if row.origin or row.default_text or not theirs:
            continue
        if theirs != row.default:
            changed.append(ChangedDefault(key, row.default, theirs))
    return EnvCheck(
        missing=tuple(key for key in example if key not in table),
        unknown=tuple(key for key in table if key not in mentioned),
        changed=tuple(changed),
    )
