"""A plan in one number, so that the log can say which plan was carried out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bunker.audit.chain import dumps

if TYPE_CHECKING:
    from bunker.plan.changes import HostPlan


def plan_hash(plans: Iterable[HostPlan]) -> str:
    """SHA-256 over all that these plans say, in hexadecimal; the order of hosts does not count.

    A saved plan and the plan it was read back as have the same hash. The fingerprints in a plan
    are keyed, so another operator's plan of the same changes has another hash.
    """
    content = sorted((plan.to_json() for plan in plans), key=lambda plan: str(plan["host"]))
    return hashlib.sha256(dumps(content).encode()).hexdigest()
