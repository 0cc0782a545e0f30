"""`invoke canary`: the canary group alone, watched and analysed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bunker.runs.kind import Kind
from bunker.runs.kinds.upgrade import Arguments, work

if TYPE_CHECKING:
    from bunker.cli.options import Options


def completed(options: Options, given: Arguments, _may_ask: bool) -> tuple[Options, Arguments]:
    """Without a choice of hosts it is the canary group of the fleet's settings."""
    if options.hosts or options.groups or options.tags:
        return options, given
    return replace(options, groups=(options.settings.rollout.canary_group,)), given


CANARY = Kind(
    name="canary",
    help="""Upgrade only the canary group, watch it, and analyse it.

    Without a choice of hosts it takes the canary group of the fleet's settings. After the soak the
    error ratio and the 95th percentile of latency are compared with the canary's own past. Too few
    requests to tell is no pass: the run pauses and asks.

    Examples:
      invoke canary --ref v2.1.0
      invoke canary --ref v2.1.0 --soak 2h --detach

    Exit codes: 0 passed, 3 failed, 4 rolled back, 5 held by another run, 7 inconclusive,
    130 interrupted.
    """,
    arguments=Arguments,
    work=work,
    completed=completed,
    pace=("soak", "no_analysis"),
    undone=True,
    pins=True,
)
