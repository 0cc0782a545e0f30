"""`invoke` alone says what needs an operator first, on a screen of 80 columns as of 140."""

from __future__ import annotations

import base64
import json
import os

import pytest

from tests.unit.screens.conftest import Fleet
from tests.unit.screens.terminal import Terminal, invoke
from tests.unit.workflows.probe_answers import GENERATION, HEALTHY, UP, answer, encoded

SICK = "api|running|unhealthy|0|-|api-1|Up 2 hours (unhealthy)\n"
DOWN = encoded(503, {"status": "error", "checks": {"database": "down"}})
NEWER = {**GENERATION, "number": 12, "ref": "v2.1.0-rc.1+build.77"}


@pytest.fixture
def troubled(fleet: Fleet) -> Fleet:
    """One of each: well, ill, away, of another version, new, and with a broken file."""
    fleet.add("ash", answer(HEALTHY, UP))
    fleet.add("a-rather-long-name-for-a-host", answer(DOWN, SICK))
    fleet.add("cedar", None)
    fleet.add("elm", answer(HEALTHY, UP, NEWER))
    fleet.add("fir", answer("absent", "", None))
    fleet.add("oak")
    (fleet.folder / "oak.yml").write_text("host: oak\naddress: [\n")
    return fleet


def shown(fleet: Fleet, columns: int, *words: str) -> Terminal:
    with invoke(*words, root=fleet.root, columns=columns, ANSWERS=str(fleet.answers)) as terminal:
        assert terminal.end() == 0, terminal.text
        return terminal


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.parametrize("words", [(), ("status",)])
@pytest.mark.promise("What is printed fits the terminal, each thing once")
@pytest.mark.promise("The home screen names what needs an operator and the command for it")
def test_every_host_is_one_row_and_what_needs_one_first_stands_below(
    troubled: Fleet, columns: int, words: tuple[str, ...]
) -> None:
    screen = shown(troubled, columns, *words)
    head = next(n for n, line in enumerate(screen.lines) if line.startswith("HOST"))
    rows = screen.lines[head + 1 : head + 6]
    assert {row.split()[0].rstrip("…")[:3] for row in rows} == {"ash", "a-r", "ced", "elm", "fir"}
    assert screen.lines[head + 6] == ""
    text = " ".join(screen.text.split())
    for said in (
        "Needs you first cedar: ",
        "a-rather-long-name-for-a-host: the API answers 503: database failing; api is unhealthy",
        "try: invoke logs --host a-rather-long-name-for-a-host --service api",
        "Check that the host is up and that `port` in its file is sshd's port",
        "try: invoke ssh --host cedar",
        "fir: not deployed yet try: invoke deploy --host fir",
        "oak: left out: inventories/production/oak.yml:3: this is not valid YAML",
        "elm: runs #12 v2.1.0-rc.1+build.77, its file says v2",
        "try: invoke deploy --host elm --dry",
        "production: 6 hosts: 2 healthy, 1 not deployed, 1 unhealthy, 1 unreachable, 1 left out",
    ):
        assert said in text
    assert "production: 6 hosts" in "\n".join(screen.lines[-2:])
    assert "ash: " not in screen.text
    assert max(map(len, screen.lines)) <= columns
    assert ("4f2a91c" in screen.text) == (columns == 140)


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.promise("Hosts that answer are shown while one is silent")
def test_rows_appear_while_other_hosts_are_still_silent(fleet: Fleet, columns: int) -> None:
    """The dead host's answer is a pipe that nobody writes to until the others were seen."""
    place = fleet.add("silent")
    os.mkfifo(place)
    for number in range(20):
        fleet.add(f"host-{number:02}", answer(HEALTHY, UP))
    with invoke(root=fleet.root, columns=columns, ANSWERS=str(fleet.answers)) as terminal:
        terminal.until(lambda text: text.count("healthy") == 20 and "waiting for silent" in text)
        assert terminal.process.poll() is None
        place.write_text(answer(HEALTHY, UP))
        assert terminal.end() == 0
    assert "waiting" not in terminal.text
    assert terminal.lines[-1] == "production: 21 hosts: 21 healthy"


def held(answer: str, purpose: str) -> str:
    """The answer of a host on which a run works, which began two minutes ago."""
    lease = {
        "owner": "anna@desk",
        "run": "r-7",
        "purpose": purpose,
        "acquired": 880,
        "expires": 1060,
    }
    encoded = base64.b64encode(json.dumps(lease).encode()).decode()
    return answer.replace(
        "@@bunker generation", f"@@bunker lease\n1000\n{encoded}\n@@bunker generation"
    )


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.promise("Normal work is told from trouble, with who does it")
def test_a_rollback_that_is_under_way_is_normal_work_with_who_does_it_and_since_when(
    fleet: Fleet, columns: int
) -> None:
    armed = "@@bunker returns\n200\n"
    fleet.add("north", held(answer(HEALTHY, UP, applied=False, upgrade=armed), "rollback"))
    fleet.add("south", answer(HEALTHY, UP, applied=False, upgrade=armed))
    said = " ".join(shown(fleet, columns).text.split())
    trouble, _, work = said.partition("Normal work ")
    assert work.startswith(
        "north: held by anna@desk for run r-7 (rollback) since 2 minutes, frees itself within 60 s"
    )
    assert "north: " not in trouble.partition("Needs you first")[2]
    assert "unless" not in work.replace("unless renewed", ""), "it is no threat but work"
    assert "south: " in trouble.partition("Needs you first")[2], "here no one is at work"
    assert said.endswith("production: 2 hosts: 1 changing, 1 unfinished")


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.promise("A migration that failed half-way has a way out, shown until it is settled")
def test_a_migration_that_failed_half_way_is_shown_with_the_command_that_settles_it(
    fleet: Fleet, columns: int
) -> None:
    finding = "@@bunker findings\nmigration 20261101_names\n@@bunker end"
    place = fleet.add("north", answer(HEALTHY, UP).replace("@@bunker end", finding))
    screen = shown(fleet, columns)
    said = " ".join(screen.text.split())
    assert "north: the migration 20261101_names failed half-way, and no other is applied" in said
    assert "    try: invoke schema.resolve --host north" in screen.lines
    assert said.endswith("production: 1 host: 1 degraded")
    place.write_text(answer(HEALTHY, UP))
    assert "schema.resolve" not in shown(fleet, columns).text


def test_watching_looks_again_until_ctrl_c(fleet: Fleet) -> None:
    fleet.add("north", answer(HEALTHY, UP))
    with invoke(
        "status", "--watch", root=fleet.root, columns=80, ANSWERS=str(fleet.answers)
    ) as terminal:
        terminal.until("1 healthy")
        (fleet.answers / "192.0.2.1").write_text(answer(DOWN, SICK))
        terminal.until("1 unhealthy")
        assert "1 healthy" not in terminal.text
        terminal.type("\x03")
        assert terminal.end() == 0
    assert "Traceback" not in terminal.text
    assert "interrupted" not in terminal.text


def test_a_fleet_without_hosts_says_how_to_get_one(fleet: Fleet) -> None:
    assert "production: no hosts" in shown(fleet, 80).text
    assert "invoke instance.add" in shown(fleet, 80).text
