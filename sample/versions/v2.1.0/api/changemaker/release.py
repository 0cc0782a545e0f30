"""What this release calls itself, and what it does differently from the others."""

VERSION = "2.1.0"


def before_start() -> None:
    """Called once, before the server listens."""


def before_answer(path: str) -> None:
    """Called for every request except those for health and metrics, before it is answered."""
