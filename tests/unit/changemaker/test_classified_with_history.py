"""Wherever migrations are classified, what the database has already counts the same."""

from __future__ import annotations

import base64
import getpass
import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from bunker.answers import UnreadableAnswer, sections
from bunker.application.migrations import MigrationSafety
from bunker.ops.migrations import classify_pending, read_sql
from bunker.ops.rollback import read_rollback
from bunker.workflows.schema_check import check_refs
from deploys.changemaker.deploy import CHANGEMAKER
from deploys.stack.armed import pending_question
from deploys.stack.rollback import rollback_question
from deploys.stack.rollback_choice import assess, choose
from tests.unit.changemaker.repositories import RUNUSER, Server

FOLDER = "api/prisma/migrations"
DOCKER = """#!/bin/sh
case "$*" in
  *to_regclass*) echo f ;;
  *"finished_at is not null"*) cat "$HOME/applied" ;;
  *"finished_at is null"*) ;;
  *"select 1"*) echo 1 ;;
  "ps -q "*) echo 1 ;;
esac
"""
GIT = """#!/bin/sh
echo >> "$HOME/calls"
exec {git} "$@"
"""
BEFORE = {
    "1_tables": 'CREATE TABLE "a" ("b" INT); CREATE INDEX "plain" ON "a" ("b");'
    ' CREATE INDEX "second" ON "a" ("b"); CREATE UNIQUE INDEX "only" ON "a" ("b");',
    "2_trigger $x é": 'CREATE TABLE "t" ("b" INT);'
    ' CREATE TRIGGER g BEFORE UPDATE ON "t" FOR EACH ROW EXECUTE FUNCTION f();',
    "3_gone": 'CREATE INDEX "gone" ON "a" ("b");',
}
SINCE = {
    "0_merged_late": 'DROP INDEX "plain";',
    "4_unique": 'DROP INDEX "only";',
    "5_filled": 'ALTER TABLE "t" ADD "c" INT; UPDATE "t" SET "c" = 1;',
    "6": 'CREATE TABLE "n" ("b" INT);',
    "6-of the newest": 'INSERT INTO "n" VALUES (1);',
    "7_gone": 'DROP INDEX "gone";',
    '8_"quoted"\\n': 'DROP INDEX "second";',
    "9_column": 'ALTER TABLE "a" DROP COLUMN "b";',
}
SAFE = {"0_merged_late", "6", "6-of the newest", "7_gone", '8_"quoted"\\n'}


class Deployed(Server):
    """An instance on the older commit, whose database has that commit's migrations."""

    def __init__(self, place: Path, before: dict[str, str], since: dict[str, str]) -> None:
        super().__init__(place)
        self.old = self.commit("older", {f"{FOLDER}/{n}/migration.sql": before[n] for n in before})
        if "3_gone" in before:
            shutil.rmtree(self.upstream / FOLDER / "3_gone")
        self.new = self.commit("newer", {f"{FOLDER}/{n}/migration.sql": since[n] for n in since})
        self.clone()
        self.switch(self.old, before)
        git = shutil.which("git")
        # The real runuser would set another PATH.
        tools = {"docker": DOCKER, "git": GIT.format(git=git), "runuser": RUNUSER}
        for name, text in tools.items():
            (place / "bin" / name).write_text(text)
            (place / "bin" / name).chmod(0o755)
        self.environment["PATH"] = f"{place / 'bin'}:{self.environment['PATH']}"
        for number, commit in ((1, self.old), (2, self.new)):
            folder = self.state / f"apps/changemaker/generations/{number:06d}"
            folder.mkdir(parents=True)
            (folder / "commit").write_text(commit)
            record = {
                "number": number,
                "run": f"run-{number}",
                "from": number - 1 or None,
                "commit": commit,
                "configuration": "",
                "migration_head": max(before if number == 1 else {**before, **since}),
                "images": {},
            }
            folder.with_suffix(".json").write_text(json.dumps(record) + "\n")

    def switch(self, commit: str, applied: dict[str, str]) -> None:
        """Lay a commit out; its database has these migrations."""
        self.git(self.directory, "checkout", "-q", commit)
        names = sorted(applied)
        (self.place / "applied").write_text("".join(f"{name}\n" for name in names))

    def answer(self, script: str) -> list[str]:
        """What the host prints."""
        (self.place / "calls").unlink(missing_ok=True)
        script = script.replace("/var/lib/bunker", str(self.state))
        done = subprocess.run(
            ["sh", "-c", script],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    @property
    def calls(self) -> int:
        """How often the last answer took a git."""
        return len((self.place / "calls").read_text())

    def variables(self, **more: str | int) -> dict[str, str | int]:
        return {
            "APP_NAME": "changemaker",
            "DIRECTORY": str(self.directory),
            "PROJECT": "app",
            "OWNER": getpass.getuser(),
            "COMMIT": self.new,
            "PLANNED": "000002-0",
            **more,
        }

    def pending(self) -> list[str]:
        return self.answer(pending_question(CHANGEMAKER, self.variables()))

    def for_rollback(self) -> list[str]:
        return self.answer(rollback_question(CHANGEMAKER, self.variables()))


def unsafe(found: list[MigrationSafety]) -> dict[str, tuple[str, ...]]:
    return {one.name: one.reasons for one in found if not one.safe}


def back(answer: list[str]) -> dict[str, tuple[str, ...]]:
    """What speaks against a rollback to the first generation."""
    state, _token = read_rollback(sections(answer))
    chosen = choose(state, to=1, of_run="")
    assert chosen is not None
    return unsafe(list(assess(state, chosen).unsafe))


def test_schema_check_an_upgrade_and_a_rollback_say_the_same(tmp_path: Path) -> None:
    host = Deployed(tmp_path, BEFORE, SINCE)
    checked = check_refs(f"{host.old}..{host.new}", str(host.upstream))
    assert {one.safety.name for one in checked if one.safe} == SAFE
    said = unsafe([one.safety for one in checked])
    assert said.keys() == SINCE.keys() - SAFE
    pending = classify_pending(sections(host.pending()))
    assert {one.name for one in pending if one.safe} == SAFE
    assert unsafe(pending) == said
    host.switch(host.new, BEFORE | SINCE)
    assert back(host.for_rollback()) == said


def test_without_a_whole_history_nothing_is_known_of_what_was_there(tmp_path: Path) -> None:
    host = Deployed(tmp_path, {"1_a": 'CREATE INDEX "i" ON a (b);'}, {"3_b": 'DROP INDEX "i";'})
    assert unsafe(classify_pending(sections(host.pending()))) == {}
    lost = {"1_a": "", "2_lost": ""}
    host.switch(host.old, lost)
    reasons = unsafe(classify_pending(sections(host.pending())))["3_b"]
    host.switch(host.new, {**lost, "3_b": ""})
    # It is of after the first generation, as far as anybody knows.
    assert "what it does is not known" in back(host.for_rollback()).pop("2_lost")[0]
    record = host.state / "apps/changemaker/generations/000001.json"
    record.write_text(record.read_text().replace(host.old, "0" * 40).replace("1_a", "2_lost"))
    assert back(host.for_rollback()) == {"3_b": reasons}
    assert "index i" in reasons[0]


def test_what_is_too_long_counts_as_not_known(tmp_path: Path) -> None:
    before = {"1_a": 'CREATE INDEX "i" ON a (b);', "2_long": f"-- {'x' * (2 << 20)}"}
    host = Deployed(tmp_path, before, {"3_b": 'DROP INDEX "i";', "4_c": "SELECT 1;" * 9})
    assert "3_b" in unsafe(classify_pending(sections(host.pending())))
    small = pending_question(CHANGEMAKER, host.variables()).replace(
        "MOST_NEW=16777216", "MOST_NEW=50"
    )
    found = unsafe(classify_pending(sections(host.answer(small))))
    assert "too long" in found["4_c"][0]
    host.switch(host.new, {**before, "3_b": "", "4_c": ""})
    assert "3_b" in back(host.for_rollback())


def test_many_migrations_take_no_more_calls_of_git_than_few_and_little_traffic(
    tmp_path: Path,
) -> None:
    sql = (
        'CREATE TABLE "t{0}" ("id" INT, "email" TEXT NOT NULL); CREATE INDEX "i{0}" ON "t{0}"(id);'
    )
    many = {f"{number:03d}_made": sql.format(number) + f"-- {'y' * 1000}" for number in range(200)}
    host = Deployed(tmp_path, many, {"900_b": 'DROP INDEX "i100";'})
    answer = host.pending()
    assert unsafe(classify_pending(sections(answer))) == {}
    assert host.calls == 4
    assert sum(map(len, answer)) < 40_000
    host.switch(host.new, {**many, "900_b": ""})
    answer = host.for_rollback()
    assert back(answer) == {}
    assert host.calls == 6
    assert sum(map(len, answer)) < 50_000


def packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, 1, mtime=0)).decode()


BLOB = "a" * 40
TOLD = packed(f"{BLOB} blob 9\nSELECT 1;\n".encode())


@pytest.mark.parametrize(
    ("names", "rows", "contents", "said"),
    [
        ("new 1", f"{BLOB} 1", "%", "cannot be unpacked"),
        ("new 1", f"{BLOB} 1", TOLD[:-8], "was cut short"),
        ("new 1", f"{BLOB} 1", packed(f"{BLOB} missing\n".encode()), "is not what git prints"),
        ("new 1", f"{BLOB} 1", packed(f"{BLOB} blob 99\nx\n".encode()), "is not what git prints"),
        ("new 1", f"{'b' * 40} 1", TOLD, "what '1' does is missing"),
        ("new 1", "/etc/passwd 1", TOLD, "a line of their list is '/etc/passwd 1'"),
        ("1", f"{BLOB} 1", TOLD, "a line of their list is '1'"),
    ],
)
def test_an_answer_that_makes_no_sense_is_one_sentence(
    names: str, rows: str, contents: str, said: str
) -> None:
    told = {"migrations": names, "sql": rows, "contents": contents}
    lines = [line for name in told for line in (f"@@bunker {name}", told[name])]
    with pytest.raises(UnreadableAnswer, match="of its migrations makes no sense") as error:
        classify_pending(sections([*lines, "@@bunker end"]))
    assert said in str(error.value)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused() -> None:
    with pytest.raises(UnreadableAnswer, match="is longer than 32 MB"):
        read_sql({"contents": [packed(bytes(33 << 20))]})
