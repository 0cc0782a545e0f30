"""`invoke` as a process of its own: what it knows of the machine."""

from __future__ import annotations

import os
from pathlib import Path


def environment(root: Path, **more: str) -> dict[str, str]:
    """Programs, and the fleet's folder, which is home as well; nothing else of whoever tests."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "BUNKER_ROOT": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }
