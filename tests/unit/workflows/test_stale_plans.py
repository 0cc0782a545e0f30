"""A saved plan that no longer fits says what moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.errors import PlanStale
from bunker.plan.changes import Change, HostPlan
from bunker.plan.store import SavedPlan
from bunker.workflows import deploy

SSHD = Change("base", "sshd", "~", "1 file to change", ("+a",))
SUDO = Change("base", "sudo", "+", "sudo set up")
PLANNED = HostPlan("north", (SSHD, SUDO), "observed", "wanted")


def refusal(now: HostPlan) -> str:
    saved = SavedPlan("lab", (), (PLANNED,), {})
    preparation = deploy.FleetPlan(plans={"north": now})
    with pytest.raises(PlanStale) as refused:
        deploy._refuse_stale(saved, preparation, [], Path("x.plan"))
    return refused.value.problem


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            HostPlan("north", (SSHD,), "moved", "wanted"),
            "north itself changed: base sudo; nothing was changed",
        ),
        (
            HostPlan("north", (SSHD, SUDO), "moved", "wanted"),
            "north itself changed; nothing was changed",
        ),
        (
            HostPlan("north", (Change("base", "sshd", "~", "x"), SUDO), "observed", "moved"),
            "(its files, secrets or code): base sshd; nothing was changed",
        ),
        (
            HostPlan("north", (Change("changemaker", "seed", "~", "x"),), "moved", "wanted"),
            "north itself changed: base sshd, base sudo and 1 more; nothing was changed",
        ),
    ],
)
def test_the_first_subjects_that_differ_are_named(now: HostPlan, said: str) -> None:
    assert refusal(now).endswith(said)


def test_a_plan_that_still_fits_is_not_refused() -> None:
    saved = SavedPlan("lab", (), (PLANNED,), {})
    deploy._refuse_stale(saved, deploy.FleetPlan(plans={"north": PLANNED}), [], Path("x.plan"))
