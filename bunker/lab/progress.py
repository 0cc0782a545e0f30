"""What the lab is doing, told to whoever waits for it; from several threads."""

from bunker.terminal.output import tell


def progress(line: str) -> None:
    """One short line."""
    tell(f"lab: {line}")
