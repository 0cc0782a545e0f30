"""The home screen: what a fleet needs from its operator, from its hosts and the runs of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError
from bunker.fleet import Fleet, Host
from bunker.journal.records import RunRecord
from bunker.role import named
from bunker.workflows.status import HostStatus, each_status


@dataclass(frozen=True)
class OpenRuns:
    """The runs of a fleet that have not ended; ``problem`` says why they are not known."""

    runs: tuple[RunRecord, ...] = ()
    problem: str = ""

    def of(self, host: str) -> RunRecord | None:
        """The newest of them that is about a host."""
        return next((run for run in self.runs if host in run.request.hosts), None)


NO_RUNS = OpenRuns()


def open_runs(root: Path, fleet: str) -> OpenRuns:
    """Look them up. Never raises: hosts are looked at whatever the run database is like."""
    if not named("bunker.journal.place:exists")(root):
        return NO_RUNS
    try:
        # Named: it loads the run database's library, which costs a second.
        with named("bunker.journal.reader:open_journal")(root) as journal:
            return OpenRuns(tuple(journal.open_runs(fleet)))
    except BunkerError as error:
        return OpenRuns(problem=str(error))


def look(
    fleet: Fleet, hosts: Sequence[Host], each: Callable[[HostStatus], None] | None = None
) -> tuple[list[HostStatus], OpenRuns]:
    """Ask hosts and run database at the same time; ``each`` is told every host as it answers."""
    found: dict[str, HostStatus] = {}
    with ThreadPoolExecutor(max_workers=1) as beside:
        runs = beside.submit(open_runs, fleet.root, fleet.name)
        for status in each_status(fleet, hosts):
            found[status.host] = status
            if each:
                each(status)
        return [found[host.name] for host in hosts], runs.result()


def home_json(fleet: Fleet, statuses: Sequence[HostStatus], runs: OpenRuns) -> dict[str, Any]:
    """All of it for programs; runs as `invoke run.show --json` tells them."""
    return {
        "fleet": fleet.name,
        "hosts": [found.to_json() for found in statuses],
        "left_out": {name: [str(one) for one in found] for name, found in fleet.broken.items()},
        "runs": [run.to_json() for run in runs.runs],
        "runs_unknown": runs.problem or None,
    }
