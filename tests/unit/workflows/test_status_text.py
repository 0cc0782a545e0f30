"""The state of hosts as people and programs read it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bunker.events import RunBatch
from bunker.fleet import Fleet
from bunker.fleet.models import Host
from bunker.host_keys import Unreachable
from bunker.journal.records import RunRecord, RunRequest, Summary
from bunker.lease.holder import LeaseHolder
from bunker.maintenance.maintenance import Maintenance
from bunker.remote import Completed
from bunker.terminal.home_text import home_lines
from bunker.terminal.lines import plain
from bunker.terminal.recap_text import Repeat
from bunker.terminal.status_text import duration, health_lines, size, status_lines
from bunker.workflows.health import assess
from bunker.workflows.home import OpenRuns
from bunker.workflows.status import HostStatus, status_of
from tests.unit.workflows.probe_answers import HEALTHY, HOST, UP, answer, encoded, probe

STATUS = """\
HOST   STATE        GENERATION                HEALTH  UPTIME   DISK             CONTAINERS
north  healthy      #3 v2 4f2a91c 2026-11-20  200     1 d 2 h  40 %, 6 MB free  2/2 up
south  unhealthy    #3 v2 4f2a91c 2026-11-20  503     1 d 2 h  40 %, 6 MB free  1/2 up, 1 unhealthy
north  unreachable  -                         -       -        -                -

Needs you first
  north: it refuses connections
    try: invoke ssh --host north
  south: the API answers 503: redis failing; api is unhealthy; redis ended with 137
    try: invoke logs --host south --service api
    try: invoke logs --host south --service redis

lab: 3 hosts: 1 healthy, 1 unhealthy, 1 unreachable
"""


def test_status_and_health_on_the_terminal(host: Host) -> None:
    sick = encoded(503, {"status": "error", "checks": {"redis": "down"}})
    containers = (
        "api|running|unhealthy|0|-|a-api-1|Up 2 hours (unhealthy)\n"
        "redis|exited|none|137|-|a-redis-1|Exited (137) 3 minutes ago\n"
        "migrate|exited|none|0|once|a-migrate-1|Exited (0) 3 minutes ago\n"
    )
    statuses = [
        status_of(host, Completed("north", 0, answer(HEALTHY, UP), "")),
        HostStatus(
            "south", "s.example.org", assess(probe(sick, containers)), probe(sick, containers)
        ),
        status_of(host, Unreachable("it refuses connections")),
    ]
    fleet = Fleet("lab", Path("/nowhere"), {})
    shown = [*status_lines(statuses), *home_lines(fleet, statuses, OpenRuns(), Repeat())]
    assert plain(shown) == STATUS
    assert plain(health_lines(statuses[1], Repeat())) == (
        "south: unhealthy\n"
        "  the API answers 503: redis failing\n"
        "  api is unhealthy\n"
        "  redis ended with 137\n"
        "  GET /api/health: 503\n"
        '    {"status": "error", "checks": {"redis": "down"}}\n'
        "  ! api             unhealthy  Up 2 hours (unhealthy)\n"
        "    migrate         done       Exited (0) 3 minutes ago\n"
        "  ! redis           none       Exited (137) 3 minutes ago\n"
        "  try: invoke logs --host south --service api\n"
        "  try: invoke logs --host south --service redis\n"
    )


def test_a_host_that_runs_another_version_than_its_file_says_is_marked(host: Host) -> None:
    found = status_of(host, Completed("north", 0, answer(HEALTHY, UP), ""))
    running = found.to_json()["generation"]["ref"]
    for ref, marked in ((running, False), ("v9.9.9", True)):
        status = replace(found, wanted_ref=ref)
        assert status.to_json()["differs_from_file"] == marked
        fleet = Fleet("lab", Path("/nowhere"), {"north": host})
        shown = plain(home_lines(fleet, [status], OpenRuns(), Repeat()))
        assert ("north: runs #3 v2, its file says v9.9.9" in shown) == marked


def test_for_programs(host: Host) -> None:
    told = status_of(host, Completed("north", 0, answer(HEALTHY, UP), "")).to_json()
    assert json.loads(json.dumps(told))["generation"]["number"] == 3
    assert told["disk"] == {"used": 4000 * 1024, "free": 6000 * 1024, "percent": 40}
    assert told["containers"][0] == {
        "service": "api",
        "state": "running",
        "health": "healthy",
        "status": "Up (healthy)",
        "exit_code": 0,
        "done": False,
        "fine": True,
    }


def test_sizes_and_times_as_people_read_them() -> None:
    assert [duration(n) for n in (45, 720, 11100, 1047600)] == [
        "45 s",
        "12 min",
        "3 h 5 min",
        "12 d 3 h",
    ]
    assert [size(n) for n in (10, 5_000_000, 18.44e9, 2e12)] == [
        "10 B",
        "5 MB",
        "18.4 GB",
        "2.0 TB",
    ]


def cut_off(lease: bool, run: bool) -> str:
    """A host whose upgrade has not ended, as the home screen shows it."""
    text = answer(HEALTHY, UP, applied=False, upgrade="@@bunker returns\n200\n")
    found = status_of(HOST, Completed("north", 0, text, ""))
    assert found.probe
    holder = LeaseHolder("north", "anna@desk", "r-7", "upgrade", 60, 30) if lease else None
    opened = Maintenance(2_000_000_000, "upgrade", "anna@desk", "r-7" if run else None, 0, 900)
    probe = replace(found.probe, lease=holder, maintenance=opened)
    status = replace(found, probe=probe, verdict=assess(probe))
    request = RunRequest("r-7", "upgrade", "lab", "me", "x", (RunBatch("all", ("north",)),))
    record = RunRecord(request, Summary({}, state="interrupted"), 0, 0)
    fleet = Fleet("lab", Path("/nowhere"), {})
    return plain(home_lines(fleet, [status], OpenRuns((record,)), Repeat()))


@pytest.mark.promise("Normal work is told from trouble, with who does it")
def test_a_run_that_works_on_a_host_is_normal_and_one_that_died_is_not() -> None:
    shown = cut_off(lease=True, run=True)
    assert "Needs you first" not in shown
    assert "Normal work\n  north: held by anna@desk for run r-7" in shown
    assert "1 changing" in shown
    shown = cut_off(lease=False, run=True)
    first, *_ = [line for line in shown.splitlines() if "rolls it back in 200 s" in line]
    assert shown.index("Needs you first") < shown.index(first)
    steps = [line.strip() for line in shown.splitlines() if "try: " in line]
    assert steps[0] == "try: invoke run.resume r-7"
    assert "try: invoke deploy --host north" in steps


def test_the_trouble_of_a_host_in_an_operators_maintenance_is_still_told() -> None:
    shown = cut_off(lease=False, run=False)
    assert "Needs you first" not in shown
    assert "rolls it back in 200 s" in shown


def test_a_run_that_was_never_finished_is_not_the_way_out_of_another_trouble(host: Host) -> None:
    request = RunRequest("r-1", "rollout", "lab", "me", "x", (RunBatch("all", ("north",)),))
    record = RunRecord(request, Summary({}, state="interrupted"), 0, 0)
    away = status_of(host, Unreachable("no answer"))
    fleet = Fleet("lab", Path("/nowhere"), {})
    shown = plain(home_lines(fleet, [away], OpenRuns((record,)), Repeat()))
    needs, runs = shown.split("\nRuns\n")
    assert "try: invoke ssh --host north" in needs
    assert "run.resume" not in needs
    assert "run.resume r-1" in runs
