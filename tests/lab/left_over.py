"""Removes the labs of test runs that were killed: `python -m tests.lab.left_over`."""

from __future__ import annotations

from pathlib import Path

from bunker.lab.lab import CHECKOUT, Lab


def remove_labs(place: Path) -> None:
    """Remove every lab whose root is this folder or below it; a lock file tells of each."""
    for lock in place.glob("**/.lab/*.lock"):
        Lab.open(lock.parent.parent, lock.stem).down()


if __name__ == "__main__":
    remove_labs(CHECKOUT / ".lab" / "tests")
