"""What a host without an application is asked, and what its roles' checks make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bunker.fleet import Fleet
from bunker.fleet.models import Host
from bunker.host_keys import Unreachable
from bunker.remote import Completed, Remote
from bunker.terminal.home_text import home_lines
from bunker.terminal.recap_text import Repeat
from bunker.terminal.status_text import health_lines, status_lines
from bunker.workflows.health import assess
from bunker.workflows.home import OpenRuns
from bunker.workflows.probe import read_probe, script_for
from bunker.workflows.status import HostStatus, status_of
from tests.unit.workflows.conftest import Program
from tests.unit.workflows.probe_answers import API, HEALTHY, UP, answer

ANSWER = "@@bunker uptime\n90\n@@bunker disk\n4000 6000\n@@bunker placed\n{}@@bunker wrong\n{}"
END = "@@bunker end\n"


def a_host(**more: Any) -> Host:
    data = {"name": "relay", "address": "192.0.2.1", "domain": "relay.example.org", **more}
    return Host.model_validate(data)


PLAIN = a_host()
WATCHED = a_host(roles={"earlyoom": True})
CENTRAL = a_host(groups=["central"])


def status(placed: str, wrong: str, host: Host = WATCHED) -> HostStatus:
    return status_of(host, Completed("relay", 0, ANSWER.format(placed, wrong) + END, ""))


def test_it_is_asked_of_its_roles_and_of_no_application() -> None:
    script = script_for(PLAIN)
    for word in ("docker", "curl", "generations", "changemaker", "earlyoom"):
        assert word not in script
    assert "systemctl is-active --quiet earlyoom" in script_for(WATCHED)
    assert "docker version" in script_for(CENTRAL)
    assert "curl" not in script_for(CENTRAL)


def test_what_its_roles_find_is_a_line_each(remote: Remote, program: Program) -> None:
    program("systemctl", '[ "$*" = "is-failed --quiet ufw" ] && exit 0\nexit 3')
    program("docker", "exit 1")
    asked = script_for(a_host(groups=["central"], roles={"earlyoom": True}))
    done = remote.run(asked, sudo=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_probe("relay", done.stdout).wrong == (
        "the unit ufw has failed",
        "earlyoom does not run",
        "the Docker engine does not answer",
    )


@pytest.mark.parametrize(
    ("placed", "wrong", "state", "well"),
    [
        ("base\n", "", "healthy", True),
        ("base\n", "earlyoom does not run\n", "degraded", False),
        ("", "", "not deployed", False),
        ("", "earlyoom does not run\n", "not deployed", False),
    ],
)
def test_its_verdict_is_that_of_its_roles(placed: str, wrong: str, state: str, well: bool) -> None:
    found = status(placed, wrong)
    assert (found.verdict.state, found.healthy) == (state, well)
    assert found.to_json()["roles"] == ["base", "earlyoom"]
    assert found.to_json()["wanted_ref"] is None
    assert found.to_json()["generation"] is None


def test_an_answer_about_an_application_is_not_taken_for_one_without() -> None:
    cut = Completed("relay", 0, ANSWER.format("base\n", "") + END, "")
    assert status_of(a_host(groups=["changemaker"]), cut).verdict.state == "unknown"
    short = Completed("relay", 0, ANSWER.format("base\n", ""), "")
    assert status_of(PLAIN, short).verdict.state == "unknown"
    unreachable = Unreachable("no answer", where="relay")
    assert status_of(PLAIN, unreachable).verdict.state == "unreachable"


def test_a_role_that_does_not_work_degrades_an_instance_as_well() -> None:
    found = assess(read_probe("north", answer(HEALTHY, UP, wrong="the unit ufw has failed\n"), API))
    assert (found.state, found.reasons) == ("degraded", ("the unit ufw has failed",))
    engine = "the Docker engine does not answer"
    both = assess(
        read_probe("north", answer(HEALTHY, "@@bunker engine-failed\n", wrong=f"{engine}\n"), API)
    )
    assert both.reasons.count(engine) == 1


def test_it_is_shown_among_instances() -> None:
    statuses = [status("base\n", ""), status("base\n", "x\n")]
    fleet = Fleet("lab", Path("/nowhere"), {})
    below = home_lines(fleet, statuses, OpenRuns(), Repeat())
    lines = [line.text for line in (*status_lines(statuses), *below)]
    row = "relay healthy - - 1 min 40 %, 6 MB free -"
    assert " ".join(lines[1].split()) == row
    assert "  relay: x" in lines
    shown = [line.text for line in health_lines(status("base\n", ""), Repeat("invoke deploy", ""))]
    assert shown == ["relay: healthy", "  roles: base, earlyoom"]
