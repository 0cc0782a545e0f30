"""`invoke rollout`: many instances to a version, batch after batch."""

from bunker.runs.kind import Kind
from bunker.runs.kinds.upgrade import Arguments, work

ROLLOUT = Kind(
    name="rollout",
    help="""Bring many instances to a version, batch after batch.

    The canary group goes first, is watched for the soak and its metrics compared with its own
    past and against the hosts that still wait. Then batches follow; between two batches every host
    that was changed must still be healthy. The first batch that fails stops the rest.
    Hosts that are there already are left alone. Each host's file says what it runs then (--no-pin
    leaves it). The run survives this process: resume it with
    `invoke run.resume`.

    Examples:
      invoke rollout --group changemaker --ref v2.1.0
      invoke rollout --group changemaker --ref v2.1.0 --batch 2 --max-fail 1 --soak 1h --detach

    Exit codes: 0 done or nothing to do, 3 stopped or some hosts failed, 4 halted and rolled back,
    5 held by another run, 7 inconclusive (waits for an answer), 130 interrupted.
    """,
    arguments=Arguments,
    work=work,
    pace=("soak", "batch", "max_fail", "no_analysis"),
    undone=True,
    pins=True,
)
