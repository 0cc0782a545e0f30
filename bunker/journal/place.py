"""Where the runs of a fleet are kept. Loads nothing: commands ask it before they load DBOS."""

import os
from pathlib import Path
from typing import Final

URL_VARIABLE: Final = "BUNKER_JOURNAL_URL"
"""Names a Postgres database for the runs. It may hold a password, so it is never printed."""


def is_shared() -> bool:
    """Whether several control machines use one database."""
    return bool(os.environ.get(URL_VARIABLE))


def exists(root: Path) -> bool:
    """Whether there can be any run at all."""
    return is_shared() or (root / ".bunker" / "runs.sqlite").exists()


def state_folder(root: Path) -> Path:
    """Where a control machine keeps what it remembers; for its user alone."""
    folder = root / ".bunker"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
