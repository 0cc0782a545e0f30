"""A root with a short audit log."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.audit import append
from bunker.audit.files import AuditFiles

FLEET = "production"


@pytest.fixture
def log(tmp_path: Path) -> AuditFiles:
    """Five entries of the fleet `production`, under ``tmp_path``."""
    for number in range(1, 6):
        append(tmp_path, FLEET, "run.host", hosts=[f"host-{number}"], run="r1", outcome="ok")
    return AuditFiles.of(tmp_path, FLEET)
