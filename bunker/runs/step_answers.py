"""What steps say in their output besides text for people: a keyword and a JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

KEYWORDS: Final = ("generation", "availability", "snapshot")
"""``generation {…}`` is what the host runs now, ``availability {…}`` what the probe measured."""


def answers_of(output: Iterable[str]) -> dict[str, Any]:
    """The answers in a step's output, by keyword; a line that is none is left alone."""
    found: dict[str, Any] = {}
    for line in output:
        keyword, _, text = line.strip().partition(" ")
        if keyword in KEYWORDS and text.startswith("{"):
            try:
                value = json.loads(text)
            except ValueError:
                continue
            found[keyword] = value
    return found
