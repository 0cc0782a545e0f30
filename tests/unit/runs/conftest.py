"""One control machine for each test."""

from pathlib import Path

import pytest

from tests.unit.runs.control_machine import ControlMachine


@pytest.fixture
def machine(tmp_path: Path) -> ControlMachine:
    """A control machine without any runs, whose hosts all succeed."""
    found = ControlMachine(tmp_path)
    found.world()
    return found
