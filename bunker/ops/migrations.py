"""Migrations as hosts tell of them."""

from __future__ import annotations

import base64
from collections.abc import Sequence


def read_migrations(lines: Sequence[str]) -> dict[str, str]:
    """SQL by name, from lines of a name and the SQL in base64."""
    found = {}
    for line in lines:
        name, _, encoded = line.partition(" ")
        if name:
            found[name] = base64.b64decode(encoded).decode(errors="replace")
    return found
