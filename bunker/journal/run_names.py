"""The ids of the newest runs, for a shell that completes them: without DBOS, within milliseconds.

Of a run database that is a file. One that is a server is not asked at every key press.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

_NEWEST = "select workflow_uuid from workflow_status order by created_at desc limit 50"


def newest(root: Path) -> list[str]:
    """At most fifty, the newest first; none where they cannot be read."""
    file = root / ".bunker" / "runs.sqlite"
    if os.environ.get("BUNKER_JOURNAL_URL") or not file.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return [str(row[0]) for row in database.execute(_NEWEST)]
    except sqlite3.Error:
        return []
