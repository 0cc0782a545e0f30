"""A host that restarts while it is changed: told by its boot, not by how the line was lost."""

import re
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from bunker.ops.facts import boot_function, read_boot
from bunker.outcomes import HostOutcome
from bunker.runs.host_outcomes import Applied, restarted

FAILURE = HostOutcome(
    outcome="failed",
    step="changemaker: migrate",
    message="step 4 of 9 failed",
    output=("connection reset by peer",),
)
FIRST = {"id": "a-1", "since": 1_700_000_000}
SECOND = {"id": "b-2", "since": 1_700_003_600}
FAILED = Applied(FAILURE, boot=FIRST)
BACK = Applied(HostOutcome(outcome="changed"), boot=SECOND, ref_to="v2.0.0")


def test_a_restart_is_told_with_its_time_the_step_and_where_the_host_is_now() -> None:
    told = restarted(FAILED, BACK)
    assert told
    assert re.fullmatch(
        r"the host restarted at \d\d:\d\d \S+ during changemaker: migrate; it is back on v2\.0\.0",
        told.message,
    )
    assert told.restarted
    assert told.output == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FAILED, replace(BACK, boot=FIRST)),
        (FAILED, Applied(HostOutcome(outcome="unreachable"))),
        (replace(FAILED, boot=None), BACK),
        (replace(FAILED, outcome=replace(FAILURE, step=None)), BACK),
    ],
)
def test_a_lost_connection_alone_is_no_restart(before: Applied, after: Applied) -> None:
    assert restarted(before, after) is None


def test_a_host_that_could_not_go_back_is_not_said_to_be_back() -> None:
    told = restarted(FAILED, replace(BACK, outcome=HostOutcome(outcome="failed")))
    assert told
    assert "is back" not in told.message


def test_a_host_says_which_boot_it_is() -> None:
    def ask() -> dict[str, Any]:
        script = f"{boot_function()}boot"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        return read_boot(done.stdout.splitlines()[1:])

    first = ask()
    assert first["since"] > 1_600_000_000
    assert ask()["id"] == first["id"]
