"""One migration of the corpus, and the histories that they follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TRUTH = HERE / "truth.json"
HISTORIES = {
    folder.name: [file.read_text() for file in sorted(folder.glob("*/migration.sql"))]
    for folder in sorted((HERE / "histories").iterdir())
}
"""SQL of the migrations before, oldest first, by project."""


@dataclass(frozen=True)
class Case:
    """``migration`` follows the history of ``base``; ``new_code`` are further writes of newer code.

    ``unsafe_because``: what only people know and no query shows.
    """

    name: str
    base: str
    migration: str
    new_code: str = ""
    unsafe_because: str = ""


def by_hand() -> list[Case]:
    """The cases of the files in by_hand/.

    Each begins with `-- case NAME (PROJECT)`; further lines may be `-- new code: SQL` and
    `-- unsafe because TEXT`.
    """
    found = []
    for file in sorted((HERE / "by_hand").glob("*.sql")):
        for block in file.read_text().split("-- case ")[1:]:
            first, _, rest = block.partition("\n")
            name, _, base = first.rstrip(")").rpartition(" (")
            said = {"-- new code: ": "", "-- unsafe because ": ""}
            for line in rest.splitlines():
                for key in said:
                    if line.startswith(key):
                        said[key] += line.removeprefix(key)
            found.append(Case(name, base, rest.strip() + "\n", *said.values()))
    return found
