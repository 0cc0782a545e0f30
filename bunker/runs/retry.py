"""A new run for the hosts of an earlier one that did not end well."""

from __future__ import annotations

from pathlib import Path

from bunker.errors import BunkerError
from bunker.journal.records import WELL, RunRecord
from bunker.runs.roles import role_data, role_of
from bunker.runs.start import Intent
from bunker.workflows.request import DeployRequest


def retry_intent(root: Path, record: RunRecord, *, dry: bool, yes: bool, verbose: bool) -> Intent:
    """The same change to the same commits for every host that is not well; asked and planned anew.

    Raises BunkerError where the run is still under way, or where there is nothing to try again.
    """
    request = record.request
    if record.state in ("running", "interrupted", "paused"):
        raise BunkerError(
            f"the run {record.run} has not ended: it is {record.state}",
            remedy=f"Take it up with: invoke run.resume {record.run}",
        )
    outcomes = record.summary["hosts"]
    bad = sorted(name for name, found in outcomes.items() if found["outcome"] not in WELL)
    if not bad:
        raise BunkerError(f"every host of the run {record.run} ended well; nothing is left to do")
    data = role_data(
        request.kind,
        to_generation=request.to_generation,
        restore=request.restore,
        reboot=request.reboot,
    )
    again = DeployRequest(
        root=root,
        fleet_name=request.fleet,
        hosts=tuple(bad),
        tags_wanted=request.tags_wanted,
        ref=request.ref,
        commits=request.commits,
        role=role_of(request.kind),
        data=data,
        dry=dry,
        yes=yes,
        verbose=verbose,
        command=f"invoke {request.kind}",
    )
    return Intent(
        again,
        request.kind,
        max_fail=request.max_fail,
        one_at_a_time=request.one_at_a_time,
        to_generation=request.to_generation,
        restore=request.restore,
        reboot=request.reboot,
        retry_of=record.run,
    )
