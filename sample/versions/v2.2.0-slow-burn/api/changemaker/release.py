"""What this release calls itself, and what it does differently from the others."""

import itertools

VERSION = "2.2.0-slow-burn"
# Well for this many answers, then every third one fails. Health goes on saying that all is well.
WELL = 40
EVERY = 3
_answers = itertools.count(1)


def before_start() -> None:
    """Called once, before the server listens."""


def before_answer(path: str) -> None:
    """Called for every request except those for health and metrics, before it is answered."""
    number = next(_answers)
    if number > WELL and number % EVERY == 0:
        raise RuntimeError(f"no session slot is left for {path}")
