"""A new run for the hosts of an earlier one that did not succeed."""

from pathlib import Path

from bunker.errors import BunkerError
from bunker.journal.records import Pace, RunRecord
from bunker.runs.kinds import kind_of
from bunker.runs.start import Intent
from bunker.workflows.request import DeployRequest


def retry_intent(root: Path, record: RunRecord, *, dry: bool, yes: bool, verbose: bool) -> Intent:
    """The same change to the same commits for every host that did not succeed; planned anew.

    Raises BunkerError where the run is still under way, or where there is nothing to try again.
    """
    request = record.request
    if record.state in ("running", "interrupted", "paused"):
        raise BunkerError(
            f"the run {record.run} has not ended: it is {record.state}",
            remedy=f"Resume it with: invoke run.resume {record.run}",
        )
    bad = sorted(name for name, found in record.summary.hosts.items() if not found.succeeded)
    if not bad:
        raise BunkerError(f"every host of the run {record.run} succeeded; nothing is left to do")
    kind, arguments = kind_of(request)
    again = DeployRequest(
        root=root,
        fleet_name=request.fleet,
        hosts=tuple(bad),
        work=kind.work(arguments),
        words=tuple(kind.words(arguments)),
        commits=request.commits,
        dry=dry,
        yes=yes,
        verbose=verbose,
        command=f"invoke {kind.name}",
    )
    pace = Pace(max_fail=request.pace.max_fail)
    return Intent(again, kind, arguments, pace, retry_of=record.run)
