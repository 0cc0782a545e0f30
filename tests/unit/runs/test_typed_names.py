"""What may lose data goes on only with the names of its hosts; --yes is no answer to that."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bunker.errors import BunkerError, Declined, ExitCode
from bunker.outlook import Outlook, Risk
from bunker.plan.changes import Change, FleetPlan, HostPlan
from bunker.runs import start
from bunker.runs.kinds import KINDS
from bunker.runs.start import Intent, Planning, carry_out
from bunker.terminal.json_reporter import JsonReporter
from bunker.terminal.reporter import confirm_names
from bunker.workflows.request import DeployRequest

LOSES = Outlook(risks={"north": (Risk("it drops a column", loses=True),)})
UPGRADE = KINDS["upgrade"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("typed", ["north,south\n", " south , north \n"])
def test_the_names_of_all_hosts_are_an_answer(typed: str) -> None:
    said = io.StringIO()
    confirm_names(("north", "south"), source=Terminal(typed), target=said)
    assert "type the names of these hosts, with commas (north,south): " in said.getvalue()


@pytest.mark.parametrize("typed", ["y\n", "yes\n", "north\n", "north,south,east\n"])
def test_anything_else_is_no_answer(typed: str) -> None:
    with pytest.raises(BunkerError, match="is not north,south; nothing was changed"):
        confirm_names(("north", "south"), source=Terminal(typed), target=io.StringIO())


@pytest.mark.parametrize("typed", ["\n", ""])
def test_nothing_declines(typed: str) -> None:
    with pytest.raises(Declined, match="nothing was changed"):
        confirm_names(("north", "south"), source=Terminal(typed), target=io.StringIO())


def test_without_a_terminal_the_option_is_named() -> None:
    with pytest.raises(BunkerError, match="pass --confirm north,south") as refused:
        confirm_names(("north", "south"), source=io.StringIO("north,south\n"))
    assert not isinstance(refused.value, Declined)
    with pytest.raises(BunkerError, match="--confirm names north, and this may lose data on south"):
        confirm_names(("south",), ("north",), source=Terminal("south\n"))


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    runs: list[str] = []

    def execute(_root: Path, run: Any, _reporter: Any) -> ExitCode:
        runs.append(run.kind)
        return ExitCode.OK

    monkeypatch.setattr(start, "named", lambda _how: execute)
    monkeypatch.setattr(start, "check_approval", lambda *_: (None, {}))
    return runs


def go(outlook: Outlook, **options: Any) -> ExitCode:
    request = DeployRequest(Path("/nowhere"), "lab", work=UPGRADE.work(UPGRADE.make({})), **options)
    change = Change("changemaker", "migrations", "~", "new")
    found = FleetPlan({"north": HostPlan("north", (change,), "o", "w")})
    targets: Any = [SimpleNamespace(host=SimpleNamespace(name="north"), commits={})]
    planning = Planning(SimpleNamespace(), targets, found)  # type: ignore[arg-type]
    intent = Intent(request, UPGRADE, UPGRADE.make({}))
    return carry_out(intent, planning, JsonReporter(yes=request.yes, stream=io.StringIO()), outlook)


@pytest.mark.promise("Data that a migration loses are named before the question")
def test_yes_alone_never_loses_data(executed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(BunkerError, match="pass --confirm north"):
        go(LOSES, yes=True)
    with pytest.raises(BunkerError, match="--confirm names south"):
        go(LOSES, yes=True, confirmed=("south",))
    assert executed == []
    assert go(LOSES, yes=True, confirmed=("north",)) == ExitCode.OK
    assert executed == ["upgrade"]


def test_a_name_in_an_option_is_no_yes_to_everything_else(
    executed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(BunkerError, match="needs a confirmation"):
        go(LOSES, confirmed=("north",))
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert go(LOSES, confirmed=("north",)) == ExitCode.OK
    monkeypatch.setattr("sys.stdin", Terminal("north\n"))
    assert go(LOSES) == ExitCode.OK
    assert executed == ["upgrade", "upgrade"]


def test_what_loses_nothing_needs_no_name(executed: list[str]) -> None:
    assert go(Outlook(), yes=True) == ExitCode.OK
    safe = Outlook(risks={"north": (Risk("older code stops"),)})
    assert go(safe, yes=True) == ExitCode.OK
    assert executed == ["upgrade", "upgrade"]
