"""What steps say in their output besides text for people: a keyword and a JSON object a line.

``generation {…}`` is what the host runs now, ``availability {…}`` what the probe measured.
"""

from collections.abc import Iterable
from typing import Any

from bunker.answers import record
from bunker.application.availability import Availability
from bunker.application.generation import read_generation


def answers_of(output: Iterable[str]) -> dict[str, Any]:
    """The answers in a step's output, by keyword; a line that is none is left alone."""
    found: dict[str, Any] = {}
    for line in output:
        keyword, _, text = line.strip().partition(" ")
        try:
            if keyword == "generation":
                found[keyword] = read_generation(text)
            elif keyword == "availability":
                found[keyword] = Availability.from_json(record(text, keyword)).to_json()
        except ValueError:  # UnreadableAnswer as well
            continue
    return found
