"""What the probe measured reads the same on the host and on the control machine."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.application.availability import Availability
from bunker.application.layout import located
from bunker.runs.host_outcomes import answers_of
from bunker.shell import script_file

SCRIPT = Path(__file__).parents[3] / "deploys/stack/scripts/probe_stop.sh"
LINE = (
    'availability {"requests": 812, "failed": 3, "longest_outage_seconds": 0.100, '
    '"unavailable_seconds": 0.150, "slowest_seconds": 0.420, "seconds": 41.5}'
)


def read(lines: list[str]) -> Availability | None:
    """What a step's output says that the probe measured."""
    found = answers_of(lines).get("availability")
    return Availability.from_json(found) if found else None


def measured(folder: Path, requests: str) -> Availability | None:
    """What the script on the host says of these requests."""
    probe = folder / "probe-changemaker"
    probe.mkdir()
    (probe / "requests").write_text(requests)
    text = located("changemaker") + script_file(SCRIPT)
    text = text.replace("/run/bunker", str(folder))
    (folder / "systemctl").write_text("#!/bin/sh\n")
    (folder / "systemctl").chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-eu"], input=text, env=environment, capture_output=True, text=True, check=True
    )
    assert not probe.exists()
    return read(done.stdout.splitlines())


def test_the_summary_is_found_among_other_lines() -> None:
    assert read(["something", f"  {LINE}", "else"]) == Availability(
        requests=812,
        failed=3,
        longest_outage_seconds=0.1,
        unavailable_seconds=0.15,
        slowest_seconds=0.42,
        seconds=41.5,
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "availability",
        "availability nothing",
        "availability []",
        'availability {"requests": 1}',
        LINE.replace("812", "true"),
        LINE.replace("812", "-1"),
        LINE.replace("0.420", "NaN"),
        LINE.replace("0.420", '"0"'),
    ],
)
def test_a_line_that_is_no_summary_is_none(line: str) -> None:
    assert read([line]) is None


@given(
    st.builds(
        Availability,
        requests=st.integers(0, 10**6),
        failed=st.integers(0, 10**6),
        longest_outage_seconds=st.floats(0, 10**4),
        unavailable_seconds=st.floats(0, 10**4),
        slowest_seconds=st.floats(0, 10**4),
        seconds=st.floats(0, 10**4),
    )
)
def test_figures_survive_the_journal(figures: Availability) -> None:
    assert Availability.from_json(figures.to_json()) == figures


def test_without_a_failed_request_nothing_was_interrupted(tmp_path: Path) -> None:
    found = measured(tmp_path, "200 0.004\n200 0.204\n429 0.002\n301 0.001\n")
    assert found == Availability(
        requests=4,
        failed=0,
        longest_outage_seconds=0,
        unavailable_seconds=0,
        slowest_seconds=0.204,
        seconds=0.4,
    )
    assert found.sentence() == "no failed request of 4; slowest answer 0.20 s"


def test_outages_are_as_long_as_the_failed_requests_in_a_row(tmp_path: Path) -> None:
    requests = ["200 0.004", "502 0.001", "000 3.000", "503 0.010", "200 0.010", "500 0.2", "200 0"]
    found = measured(tmp_path, "\n".join(requests))
    assert found is not None
    assert (found.requests, found.failed) == (7, 4)
    assert found.longest_outage_seconds == 3.1
    assert found.unavailable_seconds == 3.3
    assert found.slowest_seconds == 3.0
    assert found.sentence() == (
        "4 of 7 requests failed; unavailable for 3.3 s, at most 3.1 s in one piece; "
        "slowest answer 3.00 s"
    )


def test_a_line_that_was_cut_off_or_came_from_elsewhere_is_not_counted(tmp_path: Path) -> None:
    found = measured(tmp_path, "curl: (7) no\n200 0.004\n20")
    assert found is not None
    assert found.requests == 1


def test_a_probe_that_never_asked_is_not_measured(tmp_path: Path) -> None:
    assert measured(tmp_path, "") is None
    nothing = Availability(0, 0, 0, 0, 0)
    assert nothing.sentence() == "not measured"
