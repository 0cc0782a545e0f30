"""Removes the labs of test runs that were killed: `python -m tests.lab.left_over`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bunker.lab import machine
from bunker.lab.names import Naming
from bunker.product import CODE as CHECKOUT
from tests.lab.machinery.lab_under_test import LabUnderTest

PLACE = CHECKOUT / ".lab" / "tests"


@contextmanager
def alone(root: Path, *, keep: bool = False) -> Iterator[None]:
    """The labs below this root are ours: nobody else's any more, gone before and after.

    A second run in the same checkout waits, as does one whose killed predecessor is still ending.
    """
    with machine.lock(f"tests-{Naming.of(root, 'lab').root_hash}"):
        if not keep:
            remove_labs(root)
        yield
        if not keep:
            remove_labs(root)


def remove_labs(root: Path) -> None:
    """Remove every lab whose root is this folder or below it; a lock file tells of each."""
    for lock in root.glob("**/.lab/*.lock"):
        LabUnderTest(lock.parent.parent, lock.stem).down()


if __name__ == "__main__":
    for folder in PLACE.glob("*"):
        with alone(folder):
            pass
