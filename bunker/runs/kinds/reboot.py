"""`invoke reboot`: hosts rebooted one at a time."""

from bunker.runs.kind import Kind
from bunker.runs.rolling import one_by_one
from bunker.runs.work import Work

REBOOT = Kind(
    name="reboot",
    help="""Reboot hosts, one at a time.

    Each host goes into maintenance, is rebooted, waited for until it has booted anew and lets us
    in, and its instance has to pass its gate; only then the next one begins. The first host that
    does not come back stops the rest.

    Examples:
      invoke reboot --host north-1
      invoke reboot --group changemaker --max-fail 1

    Exit codes: 0 done, 3 some hosts failed, 5 held by another run, 130 interrupted.
    """,
    work=lambda _none: Work("deploys.reboot.deploy:reboot"),
    workflow=one_by_one,
    pace=("batch", "max_fail"),
)
