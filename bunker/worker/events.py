"""The events that a worker writes, one JSON object a line; terminal, journal and files read them.

Every event carries ``event`` and, where it belongs to one, ``host``. All text is redacted.

==============  ====================================================================
``connected``   the host answered
``unreachable`` it did not: ``message``
``planned``     ``plan`` (see :class:`bunker.plan.changes.HostPlan`), ``commands`` so far
``failed``      preparing failed: ``message``, ``problems`` (a list of ``problem``, ``where``,
                ``expected``, ``remedy``), ``commands``, ``plan`` as far as it came
``ready``       all hosts are planned; the worker waits for ``apply`` or the end of its input
``step``        ``name``, ``number``, ``of``, ``status`` started|ok|failed, ``seconds``, ``output``
``host``        end of one host: ``outcome`` ok|changed|failed|unreachable|not started|interrupted,
                ``commands`` (remote commands used), ``message``
``log``         one line of pyinfra's own log, only when verbose
``done``        nothing more follows
==============  ====================================================================
"""

from __future__ import annotations

from typing import Any, Final, Literal

Event = dict[str, Any]
Outcome = Literal["ok", "changed", "failed", "unreachable", "not started", "interrupted"]

OUTCOMES: Final[tuple[Outcome, ...]] = (
    "ok",
    "changed",
    "failed",
    "unreachable",
    "not started",
    "interrupted",
)
OUTPUT_LINES: Final = 60
"""How many of a failed step's last output lines travel with its event."""
