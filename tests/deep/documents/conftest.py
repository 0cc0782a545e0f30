"""The servers that the pages speak of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deep.documents.stage import Stage, stage


@pytest.fixture(scope="module")
def documents(lab_root: Path) -> Iterator[Stage]:
    """A lab of its own for each file of walks."""
    with stage(lab_root) as made:
        yield made
