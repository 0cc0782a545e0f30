"""What a plan may lose is read from the wanted commit before the question is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bunker.fleet.models import Host
from bunker.outlook import Risk
from bunker.plan.changes import Change, FleetPlan, HostPlan
from bunker.workflows import risks as risks_module
from bunker.workflows.request import Target
from bunker.workflows.risks import find_risks

INIT = 'CREATE TABLE "a" ("id" TEXT NOT NULL, "b" TEXT, CONSTRAINT "p" PRIMARY KEY ("id"));'
SAFE = 'ALTER TABLE "a" ADD COLUMN "c" TEXT;'
DROPS = 'ALTER TABLE "a" DROP COLUMN "b";'
STRICT = 'ALTER TABLE "a" ALTER COLUMN "b" SET NOT NULL;'
STRANGE = "SELECT pg_sleep(1);"


class Repository:
    """A repository of an application: each commit adds migrations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet")

    def git(self, *words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, **migrations: str) -> str:
        for name, sql in migrations.items():
            place = self.folder / "api/prisma/migrations" / name
            place.mkdir(parents=True)
            (place / "migration.sql").write_text(sql)
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", "next")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def host(repository: Repository, name: str = "north") -> Host:
    return Host.model_validate(
        {
            "name": name,
            "address": "192.0.2.1",
            "domain": f"{name}.example.org",
            "groups": ["changemaker"],
            "application": {"repository": str(repository.folder)},
        }
    )


def plan(name: str, old: str, new: str, *changes: Change) -> HostPlan:
    migrations = Change("changemaker", "migrations", "~", "whatever the new commit brings")
    facts = {"applications": {"changemaker": {"migrated": old, "commit": new}}}
    return HostPlan(name, changes or (migrations,), "o", "w", facts)


def found(
    repository: Repository, old: str, new: str, *changes: Change
) -> tuple[tuple[Risk, ...], tuple[str, ...]]:
    fleet = FleetPlan({"north": plan("north", old, new, *changes)})
    risks, notes, _ = find_risks(Path(), fleet, [Target(host(repository), {})])
    return risks.get("north", ()), notes.get("north", ())


def test_a_safe_migration_is_good_news(repository: Repository) -> None:
    old, new = repository.commit(m1_init=INIT), repository.commit(m2_add=SAFE)
    assert found(repository, old, new) == (
        (),
        ("changemaker: 1 new migration, safe for the older code: m2_add",),
    )
    assert found(repository, new, repository.commit()) == ((), ("changemaker: no new migration",))


@pytest.mark.promise("Data that a migration loses are named before the question")
def test_one_that_drops_loses_data_and_one_that_only_stops_older_code_does_not(
    repository: Repository,
) -> None:
    old = repository.commit(m1_init=INIT)
    new = repository.commit(m2_drop=DROPS, m3_strict=STRICT.replace('"b"', '"id"'), m4=STRANGE)
    risks, notes = found(repository, old, new)
    assert not notes
    losing = [one.text for one in risks if one.loses]
    assert losing[0] == "changemaker: migration m2_drop drops column a.b"
    assert losing[1].startswith("changemaker: migration m4 may lose data: ")
    strict = [one.text for one in risks if not one.loses]
    assert all("no rollback of the code alone after it" in text for text in strict)


def test_those_that_are_safe_are_named_beside_those_that_are_not(repository: Repository) -> None:
    old = repository.commit(m1_init=INIT)
    risks, notes = found(repository, old, repository.commit(m2_drop=DROPS, m3_add=SAFE))
    assert [one.text for one in risks] == ["changemaker: migration m2_drop drops column a.b"]
    assert notes == ("changemaker: 1 other new migration, safe for the older code: m3_add",)


def test_each_span_is_read_once_however_many_hosts_take_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = repository.commit(m1_init=INIT), repository.commit(m2_drop=DROPS)
    read: list[str] = []
    check = risks_module.check_refs

    def counted(span: str, source: object) -> object:
        read.append(span)
        return check(span, source)  # type: ignore[arg-type]

    monkeypatch.setattr(risks_module, "check_refs", counted)
    names = ("north", "south", "west")
    fleet = FleetPlan({name: plan(name, old, new) for name in names})
    risks, _, migrations = find_risks(
        Path(), fleet, [Target(host(repository, name), {}) for name in names]
    )
    assert sorted(risks) == sorted(names)
    assert migrations == {name: {"changemaker": 1} for name in names}
    assert len(read) == 1


def test_what_cannot_be_read_is_said_and_no_good_news(repository: Repository) -> None:
    old = repository.commit(m1_init=INIT)
    ((risk,), notes) = found(repository, old, "f" * 40)
    assert "its migrations could not be read" in risk.text
    assert risk.loses, "knowing nothing is no reason to be less careful"
    assert not notes


def test_a_first_deploy_and_other_changes_have_no_migrations(repository: Repository) -> None:
    new = repository.commit(m1_init=INIT)
    assert found(repository, "", new) == ((), ())
    other = Change("changemaker", "checkout", "~", "commit")
    assert found(repository, new, repository.commit(m2=DROPS), other) == ((), ())


def test_what_a_change_says_that_it_loses_is_a_risk(repository: Repository) -> None:
    change = Change("changemaker", "database", "~", "restored", loses="what was written since 9:00")
    ((risk,), _) = found(repository, "", "", change)
    assert risk == Risk("changemaker: what was written since 9:00", loses=True)
