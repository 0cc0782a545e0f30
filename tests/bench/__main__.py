"""`nox -s bench`: medians in one run, and ratios that hold when the machine's speed drifts.

The lab part needs a deployed fleet of four hosts and is left out with ``--no-lab``. With
``--before`` that of an older commit is measured in the same run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import control_machine, deployed_fleet
from tests.bench.measure import Figure


def main() -> int:
    """Measure, then print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--no-lab", action="store_true", help="leave out what needs hosts")
    parser.add_argument("--before", metavar="COMMIT", help="compare deploys with those of a commit")
    options = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bunker-bench-") as folder:
        figures += control_machine.figures(Path(folder))
    if not options.no_lab:
        before = deployed_fleet.figures_of(options.before) if options.before else []
        figures += [*before, *deployed_fleet.figures(before)]
    table = Table("what", "median", "min", "max", "runs", "against")
    for figure in figures:
        table.add_row(*figure.row())
    Console(width=140).print(table)
    return 0


sys.exit(main())
