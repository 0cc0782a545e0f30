"""What stands on the screen before anything is changed, at 80 columns as at 140."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.screens.conftest import Fleet
from tests.unit.screens.terminal import words_of
from tests.unit.workflows.test_risks import DROPS, INIT, SAFE, Repository

WIDTHS = pytest.mark.parametrize("columns", [80, 140])
REFUSED = (
    "generation 8 cannot run on the database as it is: migration m2_drop dropped column a.b."
    " With the database of that time: invoke rollback --host north --to 8 --restore"
)


def change(subject: str, summary: str, **more: Any) -> dict[str, Any]:
    return {"role": "changemaker", "subject": subject, "symbol": "~", "summary": summary, **more}


CHECKOUT = change("checkout", "commit 4f2a91c → 7433abc (v2.1.0)", restarts=["api"])
BRINGS = change("migrations", "whatever the new commit brings (prisma migrate deploy)")


@pytest.fixture
def dropping(fleet: Fleet, tmp_path: Path) -> Fleet:
    """Three hosts whose next version drops a column."""
    repository = Repository(tmp_path / "repository")
    old, new = repository.commit(m1_init=INIT), repository.commit(m2_drop=DROPS, m3_add=SAFE)
    for name in ("east", "north", "south"):
        fleet.add(name)
        fleet.edit(name, "{ref: v2}", f"{{ref: v2, repository: {repository.folder}}}")
    facts = {"applications": {"changemaker": {"migrated": old, "commit": new}}}
    plan = {"changes": [CHECKOUT, BRINGS], "facts": facts}
    fleet.world(plans=dict.fromkeys(("east", "north", "south"), plan))
    return fleet


@WIDTHS
@pytest.mark.promise("Data that a migration loses are named before the question")
def test_a_migration_that_loses_data_is_named_last_and_yes_is_no_answer(
    dropping: Fleet, columns: int
) -> None:
    with dropping.on_terminal("upgrade", "north", "--ref", "v2.1.0", columns=columns) as terminal:
        terminal.until("type the name of the host (north):")
        asked = terminal.lines
        terminal.type("y\n")
        assert terminal.end() == 1
    assert max(map(len, asked)) <= columns
    assert asked[-3:-1] == [
        "MAY LOSE DATA",
        "  north: changemaker: migration m2_drop drops column a.b",
    ]
    assert terminal.colour_of("drops column a.b") == "bold red"
    said = words_of(terminal)
    assert "migrations: 2 new ones, named below" in said
    assert "1 other new migration, safe for the older code: m3_add" in said
    assert "whatever the new commit brings" not in said
    assert "[y/N]" not in said
    assert said.endswith(
        "error: y is not north; nothing was changed. Type the names as the plan has them."
    )


@WIDTHS
@pytest.mark.promise("A rollout's plan shows its batches, a closed window and a needed approval")
def test_the_plan_of_a_rollout_says_how_it_would_go_and_what_it_waits_for(
    dropping: Fleet, columns: int
) -> None:
    day = (datetime.now(UTC) + timedelta(days=2)).strftime("%a").lower()
    (dropping.folder / "fleet.settings.yaml").write_text(
        f'policies:\n  changemaker:\n    window: {{days: [{day}], from: "10:00", to: "11:00",'
        " timezone: UTC}\n    approval: true\n"
    )
    dropping.edit("south", "[changemaker]", "[changemaker, canary]")
    command = ("rollout", "--group", "all", "--ref", "v2.1.0", "--batch", "1", "--dry")
    with dropping.on_terminal(*command, columns=columns) as terminal:
        assert terminal.end() == 0
    said = words_of(terminal)
    order = [
        "Batches: canary: south; batch 1: east; batch 2: north",
        "Pace: soak 30m; metrics analysed; stops when one fails",
        f"Window closed: rollouts of group changemaker are allowed {day} 10:00–11:00 (UTC);"
        " the next window opens",
        "Approval: a second operator has to agree (group changemaker)",
        "Plan: 3 hosts to change, 3 restarts, 0 unchanged",
        "Apply it with: invoke rollout ",
        "MAY LOSE DATA east, north, south: changemaker: migration m2_drop drops column a.b",
    ]
    assert [text for text in order if text not in said] == []
    assert sorted(order, key=said.index) == order


@WIDTHS
@pytest.mark.promise("What is printed fits the terminal, each thing once")
def test_a_refused_rollback_says_its_sentence_once(fleet: Fleet, columns: int) -> None:
    fleet.add("north")
    fleet.world(plans={}, back={"failed": REFUSED})
    with fleet.on_terminal("rollback", "north", "--to", "8", columns=columns) as terminal:
        assert terminal.end() == 3
    said = words_of(terminal)
    assert said.count("cannot run on the database as it is") == 1
    assert said.count("invoke ") == 1
    assert "invoke rollback --host north --to 8 --restore" in terminal.text
    assert max(map(len, terminal.lines)) <= columns
    assert said.endswith("Recap: 0 ok, 0 changed, 1 failed, 0 unreachable")


@WIDTHS
@pytest.mark.promise("Hosts that answer are shown while one is silent")
def test_how_many_hosts_are_planned_is_counted_true_and_the_reason_is_in_words(
    fleet: Fleet, columns: int
) -> None:
    for name in ("north", "south", "west"):
        fleet.add(name)
    plans = {"north": {"changes": []}, "south": "No existing session", "west": {"changes": []}}
    fleet.world(plans=plans, planning=0.7)
    with fleet.on_terminal("deploy", "--group", "all", "--dry", columns=columns) as terminal:
        terminal.until("1 of 3 hosts planned, waiting for south, west")
        terminal.until("1 of 3 hosts planned, 1 not possible, waiting for west")
        assert terminal.end() == 3
    said = words_of(terminal)
    assert "south: unreachable: 192.0.2.2 port 22 broke off the connection during the login" in said
    assert "No existing session" not in said
    assert "Plan: 0 hosts to change, 0 restarts, 2 unchanged, 1 unreachable" in said


@WIDTHS
@pytest.mark.promise("Words and colours fit what happened")
def test_declining_is_no_error(fleet: Fleet, columns: int) -> None:
    fleet.add("north")
    fleet.world(plans={"north": {"changes": [CHECKOUT]}})
    with fleet.on_terminal("deploy", "north", columns=columns) as terminal:
        terminal.until("Apply these changes to 1 host? [y/N]")
        terminal.type("n\n")
        assert terminal.end() == 0
    assert terminal.lines[-1] == "nothing was changed"
    assert "error" not in terminal.text
