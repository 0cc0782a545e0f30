"""A saved plan is applied exactly, or refused with exit code 6 and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bunker.lab.fleet import operator_key
from bunker.masking import Secret
from bunker.secrets import read_host_secrets, set_secret
from tests.lab.code_server import commit_on, move_branch
from tests.lab.fingerprint import changes_between, fingerprint
from tests.lab.fleet_under_test import FleetUnderTest

pytestmark = pytest.mark.lab

STALE = 6
DIRECTORY = "/opt/changemaker-lite"


@dataclass
class Planned:
    """A host with a saved plan that would switch one feature on."""

    fleet: FleetUnderTest
    file: Path

    def on(self, script: str) -> None:
        self.fleet.on("north", f"set -e; cd {DIRECTORY}; {script}")

    def configure(self, **data: object) -> None:
        wanted = {"features": {"sms": True}, **data}
        self.fleet.configure("north", {**self.fleet.original("north"), **wanted})

    @property
    def key(self) -> Path:
        return operator_key(self.fleet.root)

    def secret(self, name: str) -> str:
        values = read_host_secrets(self.fleet.folder, "north", key_file=self.key)
        return values[name].reveal()

    def set_secret(self, name: str, value: str) -> None:
        set_secret(self.fleet.folder, "north", name, Secret(value), key_file=self.key)


@pytest.fixture(scope="module")
def planned(
    deployed: FleetUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Planned]:
    deployed.pristine("north")
    planned = Planned(deployed, tmp_path_factory.mktemp("plans") / "tuesday.plan")
    planned.configure()
    deployed.invoke("plan", "--host", "north", "--out", str(planned.file))
    yield planned
    deployed.reset("north")


def by_hand(script: str, undo: str) -> Callable[[Planned], Callable[[], None]]:
    def move(planned: Planned) -> Callable[[], None]:
        planned.on(script)
        return lambda: planned.on(undo)

    return move


def another_secret(planned: Planned) -> Callable[[], None]:
    old = planned.secret("JWT_ACCESS_SECRET")
    planned.set_secret("JWT_ACCESS_SECRET", old[::-1])
    return lambda: planned.set_secret("JWT_ACCESS_SECRET", old)


def another_setting(planned: Planned) -> Callable[[], None]:
    planned.configure(environment={"RATE_LIMIT_MAX": "77"})
    return lambda: planned.fleet.reset("north") or planned.configure()


def another_commit(planned: Planned) -> Callable[[], None]:
    before = commit_on(planned.fleet, "v2", {"NOTES.md": "one more\n"})
    return lambda: move_branch(planned.fleet, "v2", before)


def another_plan(planned: Planned) -> Callable[[], None]:
    old = planned.file.read_text()
    content = json.loads(old)
    content["plans"][0]["changes"] = []
    planned.file.write_text(json.dumps(content))
    return lambda: planned.file.write_text(old) and None


MOVES = {
    "a setting on the host": (
        by_hand("cp -p .env /root/env; echo X=1 >> .env", "cp -p /root/env .env; rm /root/env"),
        "north itself changed",
    ),
    "code on the host": (
        by_hand("echo >> README.md", "git -c safe.directory=* checkout -q README.md"),
        "north itself changed",
    ),
    "a container stopped": (
        by_hand(
            "docker compose stop -t 1 admin 2>/dev/null", "docker compose start admin 2>/dev/null"
        ),
        "north itself changed",
    ),
    "the host's file": (another_setting, "the inputs of north changed"),
    "a secret": (another_secret, "the inputs of north changed"),
    "the branch": (another_commit, "the code for north moved: v2 names commit"),
    "the plan": (another_plan, "the plan was edited"),
}


def test_a_plan_file_is_private_and_holds_no_secret(planned: Planned) -> None:
    assert planned.file.stat().st_mode & 0o777 == 0o600
    text = planned.file.read_text()
    values = read_host_secrets(planned.fleet.folder, "north", key_file=planned.key)
    assert len(values) > 10
    assert [name for name, value in values.items() if value.reveal() in text] == []


@pytest.mark.parametrize("what", MOVES)
def test_a_plan_is_refused_when_something_moved_since(planned: Planned, what: str) -> None:
    move, sentence = MOVES[what]
    undo = move(planned)
    try:
        before = fingerprint(planned.fleet, "north")
        ran = planned.fleet.invoke("apply", str(planned.file), "--yes", expect=STALE)
        assert sentence in " ".join(ran.stderr.split())
        assert "Make a new one with invoke plan" in " ".join(ran.stderr.split())
        assert changes_between(before, fingerprint(planned.fleet, "north")) == []
    finally:
        undo()


def test_a_plan_is_applied_exactly_once_everything_is_as_it_was(planned: Planned) -> None:
    """Also proof that each refusal above was for what had moved."""
    fleet = planned.fleet
    expected = json.loads(planned.file.read_text())["plans"][0]["changes"]
    applied = fleet.invoke("apply", str(planned.file), "--yes", "--json")
    (shown,) = applied.events("planned")
    assert shown["plan"]["changes"] == expected
    assert [change["subject"] for change in expected] == ["configuration"]
    assert applied.events("host")[0]["outcome"] == "changed"
    fleet.invoke("deploy", "--host", "north", "--dry", "--detailed-exitcode", expect=0)


def test_a_plan_that_was_applied_is_refused_and_says_that_nothing_is_left_to_do(
    planned: Planned,
) -> None:
    ran = planned.fleet.invoke("apply", str(planned.file), "--yes", expect=STALE)
    assert "north is as the plan wants it already" in " ".join(ran.stderr.split())


def test_a_plan_for_another_ref_is_applied_with_that_ref(planned: Planned, tmp_path: Path) -> None:
    fleet, file = planned.fleet, tmp_path / "ref.plan"
    commit_on(fleet, "next", {"NOTES.md": "the next one\n"})
    fleet.invoke("plan", "--host", "north", "--ref", "next", "--out", str(file))
    fleet.invoke("apply", str(file), "--yes")
    assert fleet.on("north", f"cat {DIRECTORY}/NOTES.md") == "the next one\n"
