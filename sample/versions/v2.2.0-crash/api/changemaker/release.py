"""What this release calls itself, and what it does differently from the others."""

VERSION = "2.2.0-crash"


def before_start() -> None:
    """Called once, before the server listens: this release cannot be started."""
    raise RuntimeError("the template cache could not be opened")


def before_answer(path: str) -> None:
    """Called for every request except those for health and metrics, before it is answered."""
