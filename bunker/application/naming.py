"""Suggesting what a mistyped name may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near_misses(name: str, known: Iterable[str], *, of: str) -> str:
    """What to expect instead of ``name``: the closest known names, else what kind they are of."""
    by_folded = {candidate.casefold().replace("-", "_"): candidate for candidate in known}
    folded = name.casefold().replace("-", "_")
    close = [by_folded[match] for match in difflib.get_close_matches(folded, by_folded, n=3)]
    return f"{of}: did you mean {' or '.join(close)}?" if close else of
