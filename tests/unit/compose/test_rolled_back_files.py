"""Files of the fleet are their own version: after a rollback the run says what they still hold."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bunker.events import Event, Warned
from bunker.folder_source import commit_of
from bunker.ops import context
from bunker.outcomes import HostOutcome
from bunker.plan.changes import HostPlan
from bunker.runs.host_outcomes import Applied, failed, rolled_back
from bunker.runs.pinning import warn_of_files
from deploys.stack import rollback
from tests.unit.compose.test_files_of_a_project import wiki


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fleet's repository with the files of a project, as the worker sees it."""
    (tmp_path / "files/wiki").mkdir(parents=True)
    (tmp_path / "files/wiki/compose.yml").write_text("services: {}\n")
    data = SimpleNamespace(bunker_fleet_folder=str(tmp_path / "inventories/production"))
    seen = SimpleNamespace(get=lambda: SimpleNamespace(data=data))
    monkeypatch.setattr(context, "ctx_host", seen)
    return tmp_path


def test_files_that_are_not_those_of_the_generation_are_told(root: Path) -> None:
    now = commit_of(root / "files/wiki", "x").commit
    assert rollback._other_files(wiki(), "c" * 40) == "files/wiki"
    assert rollback._other_files(wiki(), now) == ""
    from_server = wiki(folder=None, repository="https://git.example.org/x.git")
    assert rollback._other_files(from_server, "c" * 40) == ""


def test_files_that_are_gone_stop_no_rollback(root: Path) -> None:
    (root / "files/wiki/compose.yml").unlink()
    assert rollback._other_files(wiki(), "c" * 40) == ""


def plan(**applications: Any) -> HostPlan:
    return HostPlan("north", (), "", "", {"applications": applications})


def test_the_outcome_of_a_rollback_names_them_whichever_application_they_are_of() -> None:
    back = Applied(HostOutcome(outcome="changed"))
    back.planned(plan(changemaker={"commit": "c"}, wiki={"files": "files/wiki"}), "run-7")
    assert back.outcome.files == ("files/wiki",)
    outcome = rolled_back(failed("it broke"), back, rolling_back=False, stopping=False)
    assert outcome
    assert (outcome.outcome, outcome.files) == ("rolled back", ("files/wiki",))


def warned(**outcomes: HostOutcome) -> list[str]:
    events: list[Event] = []
    warn_of_files(outcomes, events.append)
    return [event.message for event in events if isinstance(event, Warned)]


def test_a_run_says_it_once_for_all_hosts_that_were_rolled_back() -> None:
    def ended(word: Any, *files: str) -> HostOutcome:
        return HostOutcome(outcome=word, files=files or None)

    assert warned(
        north=ended("rolled back", "files/wiki"),
        south=ended("changed", "files/wiki"),
        east=ended("failed", "files/wiki"),
        west=ended("changed"),
    ) == [
        "files/wiki still holds what was rolled back on north, south: the next deploy brings it"
        " again. Correct it there, or put back the files of before"
    ]
