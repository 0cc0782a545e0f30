"""`nox -s deep` runs in parts, and every test that is too long for `nox` belongs to one of them."""

from __future__ import annotations

import tomllib
from pathlib import Path

DEEP = Path(__file__).parents[2] / "deep"
PARTS = tomllib.loads((DEEP / "parts.toml").read_text())


def test_every_file_of_the_deep_tier_belongs_to_one_part() -> None:
    named = [file for part in PARTS.values() for file in part["files"]]
    assert sorted(named) == sorted(str(path.relative_to(DEEP)) for path in DEEP.rglob("test_*.py"))


def test_every_part_says_what_it_proves_and_how_long_it_takes() -> None:
    for part in PARTS.values():
        # What a part needs that not every machine has: such a part runs only where it is named.
        assert set(part) - {"needs"} == {"proves", "files", "minutes"}
        assert part["minutes"] > 0
