"""Whether a host is still what it was when its plan was confirmed."""

from __future__ import annotations

import dataclasses

from bunker.plan.changes import Change, HostPlan
from bunker.workflows.planning import fingerprints, same_plan

CODE = Change("changemaker", "checkout", "~", "commit aaa → bbb (v2)", restarts=("api",))
CRASHING = Change("changemaker", "api", "~", "api is restarting; brought up", restarts=("api",))
PLAN = HostPlan("north", (CODE, CRASHING), "observed", "wanted")


def test_a_container_in_a_crash_loop_makes_no_plan_stale() -> None:
    now = dataclasses.replace(PLAN, changes=(CODE,), observed="another state")
    assert same_plan(fingerprints(PLAN), now)


def test_another_change_or_other_inputs_make_it_stale() -> None:
    other = dataclasses.replace(CODE, summary="commit ccc → bbb (v2)")
    assert not same_plan(fingerprints(PLAN), dataclasses.replace(PLAN, changes=(other, CRASHING)))
    assert not same_plan(fingerprints(PLAN), dataclasses.replace(PLAN, wanted="other"))
