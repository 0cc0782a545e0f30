"""Windows and approvals stand before every change but the way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.fleet import Fleet, load_fleet
from bunker.fleet.settings import load_settings
from bunker.journal.records import Kind
from bunker.runs import start
from bunker.runs.policies import check_policies
from bunker.runs.start import Intent, begin
from bunker.workflows import deploy
from bunker.workflows.request import DeployRequest, Target

HOST = "host: north\naddress: 192.0.2.7\ndomain: north.example.org\ntier: 1\ngroups: [careful]\n"


def settings_with(policy: str) -> str:
    return f"policies:\n  careful:\n{policy}"


def closed_now() -> str:
    """A window of one hour on the day after tomorrow."""
    day = (datetime.now(UTC) + timedelta(days=2)).strftime("%a").lower()
    return f'    window: {{days: [{day}], from: "10:00", to: "11:00", timezone: UTC}}\n'


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    (tmp_path / "inventories" / "production.py").write_text("")
    (folder / "north.yml").write_text(HOST)
    found = load_fleet(tmp_path, "production", require_secrets=False)
    targets = [Target(found.hosts["north"], {}, "c" * 40)]
    monkeypatch.setattr(start, "select_targets", lambda _request: (found, targets))
    monkeypatch.setenv("HOME", str(tmp_path))
    return found


def intent(fleet: Fleet, kind: Kind = "rollout") -> Intent:
    request = DeployRequest(fleet.root, "production", hosts=("north",), yes=True)
    return Intent(request, kind)


def check(fleet: Fleet, kind: Kind) -> Any:
    hosts = list(fleet.hosts.values())
    settings = load_settings(fleet.folder)
    return check_policies(settings, intent(fleet, kind), fleet, hosts, {"north": "c" * 40})


def test_a_closed_window_refuses_before_any_host_is_asked_and_names_the_next(fleet: Fleet) -> None:
    (fleet.folder / "fleet.settings.yaml").write_text(settings_with(closed_now()))
    with pytest.raises(BunkerError, match=r"next window opens .* in \d+ day"):
        begin(intent(fleet), None)  # type: ignore[arg-type] # nobody is told anything


def test_going_back_waits_for_no_window_and_for_no_second_person(fleet: Fleet) -> None:
    text = settings_with("    approval: true\n" + closed_now())
    (fleet.folder / "fleet.settings.yaml").write_text(text)
    assert check(fleet, "rollback") is None


def test_a_group_that_asks_for_an_approval_refuses_without_one(fleet: Fleet) -> None:
    (fleet.folder / "fleet.settings.yaml").write_text(settings_with("    approval: true\n"))
    with pytest.raises(BunkerError, match="approv"):
        check(fleet, "rollout")


def test_a_saved_plan_is_no_way_around_a_policy(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fleet.folder / "fleet.settings.yaml").write_text(settings_with(closed_now()))

    class Saved:
        fleet, plans, tags_wanted, ref = "production", (), (), None

    monkeypatch.setattr(deploy, "load_plan", lambda _file: Saved)
    request = DeployRequest(fleet.root, "production", yes=True)
    with pytest.raises(BunkerError, match="next window opens"):
        deploy.apply_plan(Path("saved.plan"), request, None)  # type: ignore[arg-type]


def test_without_policies_nothing_is_asked(fleet: Fleet) -> None:
    (fleet.folder / "fleet.settings.yaml").write_text("rollout: {soak: 1m}\n")
    assert check(fleet, "rollout") is None
