"""After a run each host's file says what its host runs, in the words and comments it had."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from bunker.events import Event, RunBatch, Warned
from bunker.fleet import load_fleet
from bunker.journal.records import RunRequest
from bunker.outcomes import HostOutcome
from bunker.runs.pinning import pin_outcomes

FILE = """\
host: {name}  # the name
address: 192.0.2.{number}
domain: {name}.example.org
tier: 1
application:
  # which version: never change on a Friday
  ref: v2.0.0
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    (tmp_path / "inventories" / "production.py").write_text("")
    for number, name in enumerate(("north", "south", "west"), start=1):
        (folder / f"{name}.yml").write_text(FILE.format(name=name, number=number))
    return tmp_path


WIKI = """\
applications:
  wiki:
    kind: compose
    folder: wiki
    set:  # what runs
      services.web.image: web:1
      services.web.read_only: true
"""


def ended(word: Any, ref: str = "", settings: dict[str, Any] | None = None) -> HostOutcome:
    return HostOutcome(outcome=word, ref=ref or None, settings=settings)


def pinned(root: Path, outcomes: dict[str, HostOutcome], kind: str, **given: Any) -> list[str]:
    """What is warned of after a run that ended like this."""
    batch = RunBatch("all", tuple(outcomes))
    request = RunRequest("run-7", kind, "production", "me", "x", (batch,), given)
    events: list[Event] = []
    pin_outcomes(root, request, outcomes, events.append)
    return [event.message for event in events if isinstance(event, Warned)]


def refs(root: Path) -> dict[str, str]:
    fleet = load_fleet(root, "production", require_secrets=False)
    return {name: host.application.ref for name, host in fleet.hosts.items()}


@pytest.mark.parametrize("kind", ["upgrade", "canary", "rollout"])
@pytest.mark.promise("A later deploy never brings older code unasked")
def test_a_run_that_stopped_half_way_leaves_each_file_saying_what_its_host_runs(
    root: Path, kind: str
) -> None:
    outcomes = {
        "north": ended("changed"),
        "south": ended("rolled back", "v2.0.0"),
        "west": ended("not started"),
    }
    assert pinned(root, outcomes, kind, ref="v2.1.0") == []
    assert refs(root) == {"north": "v2.1.0", "south": "v2.0.0", "west": "v2.0.0"}
    text = (root / "inventories" / "production" / "north.yml").read_text()
    assert text == FILE.format(name="north", number=1).replace("v2.0.0", "v2.1.0")


def test_a_host_that_a_later_analysis_rolled_back_gets_its_version_back(root: Path) -> None:
    pinned(root, {"north": ended("changed")}, "rollout", ref="v2.1.0")
    pinned(root, {"north": ended("rolled back", "v2.0.0")}, "rollout", ref="v2.1.0")
    assert refs(root)["north"] == "v2.0.0"


def test_after_a_rollback_the_file_says_the_version_of_that_generation(root: Path) -> None:
    assert pinned(root, {"north": ended("changed", "v1.9.0")}, "rollback", to="2") == []
    assert refs(root)["north"] == "v1.9.0"


@pytest.mark.parametrize(
    ("kind", "given"),
    [("upgrade", {"ref": "v2.1.0", "no_pin": True}), ("deploy", {"ref": "v2.1.0"})],
)
def test_a_version_that_is_only_tried_is_not_written(
    root: Path, kind: str, given: dict[str, Any]
) -> None:
    assert pinned(root, {"north": ended("changed")}, kind, **given) == []
    assert refs(root)["north"] == "v2.0.0"


@pytest.mark.parametrize("ref", ["--upload-pack=x", "a\nb", "x y"])
def test_a_ref_that_a_host_made_up_is_not_written(root: Path, ref: str) -> None:
    (warned,) = pinned(root, {"north": ended("rolled back", ref)}, "rollout", ref="v2.1.0")
    assert "the file of north" in warned
    assert refs(root)["north"] == "v2.0.0"


def test_a_file_that_cannot_be_changed_is_a_warning_and_the_others_are_written(root: Path) -> None:
    path = root / "inventories" / "production" / "north.yml"
    path.write_text(path.read_text().replace("  ref:", "  ref:\t"))
    outcomes = {name: ended("changed") for name in ("north", "south")}
    warned = pinned(root, outcomes, "upgrade", ref="v2.1.0")
    assert len(warned) <= 1
    assert refs(root)["south"] == "v2.1.0"


@pytest.fixture
def wiki(root: Path) -> Path:
    """The file of a host with another application."""
    path = root / "inventories" / "production" / "north.yml"
    path.write_text(path.read_text() + WIKI)
    return path


def settings_of(root: Path) -> dict[str, Any]:
    host = load_fleet(root, "production", require_secrets=False).host("north")
    return dict(host.applications["wiki"].set_values)


def test_what_was_set_on_the_command_line_stands_in_the_file(root: Path, wiki: Path) -> None:
    given = {"app": "wiki", "set": ["services.web.image=web:2", "services.web.tags=[a, b]"]}
    assert pinned(root, {"north": ended("changed")}, "upgrade", **given) == []
    assert "    set:  # what runs\n      services.web.image: web:2\n" in wiki.read_text()
    assert settings_of(root) == {
        "services.web.image": "web:2",
        "services.web.read_only": True,
        "services.web.tags": ("a", "b"),
    }
    assert refs(root)["north"] == "v2.0.0"


def test_after_a_rollback_just_what_that_generation_had_set_stands_in_the_file(
    root: Path, wiki: Path
) -> None:
    before = ended("changed", "main", {"services.web.image": "web:0"})
    assert pinned(root, {"north": before}, "rollback", to="1", app="wiki") == []
    text = wiki.read_text()
    assert "set:  # what runs\n      services.web.image: web:0\n" in text
    assert "read_only" not in text
    nothing = ended("rolled back", "main", {})
    assert pinned(root, {"north": nothing}, "upgrade", app="wiki", set=["services.a.b=c"]) == []
    assert settings_of(root) == {}


@pytest.mark.parametrize(
    "settings", [{"../x": "y"}, {"services.web.image": {"a": 1}}, {"services.web.image": "a\nb"}]
)
def test_what_a_host_made_up_is_not_set(root: Path, wiki: Path, settings: dict[str, Any]) -> None:
    (warned,) = pinned(root, {"north": ended("changed", "main", settings)}, "rollback", app="wiki")
    assert "the file of north" in warned
    assert wiki.read_text().endswith(WIKI)


def test_what_other_files_set_is_a_warning(root: Path, wiki: Path) -> None:
    (root / "group_data").mkdir()
    (root / "group_data" / "all.py").write_text(
        "applications = {'wiki': {'kind': 'compose', 'folder': 'wiki',"
        " 'set': {'services.web.user': 'root'}}}\n"
    )
    (warned,) = pinned(root, {"north": ended("changed", "main", {})}, "rollback", app="wiki")
    assert "services.web.user comes from group_data/" in warned
    assert wiki.read_text().endswith(WIKI)


def test_in_a_repository_it_is_a_commit_with_the_run(root: Path) -> None:
    def git(*words: str) -> str:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        command = ["git", "-C", str(root), *identity, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "fleet")
    assert pinned(root, {"north": ended("changed")}, "upgrade", ref="v2.1.0") == []
    assert "application.ref of north: v2.1.0" in git("log", "-1", "--format=%B")
    assert "Run: run-7" in git("log", "-1", "--format=%B")
    assert git("show", "--format=", "--name-only", "HEAD").split() == [
        "inventories/production/north.yml"
    ]
