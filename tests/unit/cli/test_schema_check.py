"""schema.check as a process: what it reads, says and answers, without a fleet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
INDEX = 'CREATE INDEX "i" ON "a"("b");\n'
DROPS = '-- x\nDROP INDEX "i";\nALTER TABLE "a"\n  DROP COLUMN "b";\nVACUUM;'


def check(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "BUNKER_ROOT": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "invoke", "schema.check", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def migration(folder: Path, name: str, sql: str) -> Path:
    file = folder / "api" / "prisma" / "migrations" / name / "migration.sql"
    file.parent.mkdir(parents=True)
    file.write_text(sql)
    return file


def test_each_statement_of_a_file_is_classified_with_what_came_before_it(tmp_path: Path) -> None:
    migration(tmp_path, "1_a", INDEX)
    file = migration(tmp_path, "2_b", DROPS)
    done = check(str(file), home=tmp_path)
    assert done.returncode == 8, done.stderr
    assert done.stdout.splitlines() == [
        f'{file}:2: safe: DROP INDEX "i"',
        f'{file}:3: unsafe: ALTER TABLE "a" DROP COLUMN "b"',
        "    drops column a.b",
        f"{file}:5: not understood: VACUUM",
        "    is none of the statements that are known to be harmless",
        "1 migration, not safe for the older code: 2_b",
    ]
    whole = check(str(file.parents[1]), "--json", home=tmp_path)
    told = json.loads(whole.stdout)
    assert [one["safe"] for one in told["migrations"]] == [True, False]
    assert told["migrations"][1]["statements"][1]["reasons"] == ["drops column a.b"]


def test_several_files_are_one_list_and_all_safe_is_zero(tmp_path: Path) -> None:
    first, second = tmp_path / "1.sql", tmp_path / "2.sql"
    first.write_text("CREATE TABLE a (id INT)")
    second.write_text("INSERT INTO a VALUES (1)")
    assert check(str(first), str(second), home=tmp_path).returncode == 0
    assert check(str(second), home=tmp_path).returncode == 8
    assert check("--files", str(second), str(first), home=tmp_path).returncode == 0


@pytest.mark.parametrize("address", ["{}", "file://{}"])
def test_what_one_commit_has_and_another_has_not_is_read_from_a_repository(
    tmp_path: Path, address: str
) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch=main")
    for tag, (name, sql) in {"v1": ("1_a", INDEX), "v2": ("2_b", 'DROP INDEX "i"')}.items():
        migration(tmp_path, name, sql)
        git("add", ".")
        git("commit", "--quiet", "-m", tag)
        git("tag", tag)
    repository = address.format(tmp_path)
    done = check("--ref", "v1..v2", "--repository", repository, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        'api/prisma/migrations/2_b/migration.sql:1: safe: DROP INDEX "i"',
        "1 migration: safe for the older code",
    ]
    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    folder.with_suffix(".py").touch()
    # It needs no secrets, so that it has no file of them.
    (folder / "west.yml").write_text(
        "host: west\naddress: 192.0.2.1\ndomain: west.example.org\napplications:\n"
        f"  wiki: {{kind: compose, repository: '{repository}'}}\n"
    )
    of_host = check("--ref", "v1..v2", "--host", "west", "--app", "wiki", home=tmp_path)
    assert (of_host.returncode, of_host.stdout) == (0, done.stdout), of_host.stderr
    gone = check("--ref", "v1..v9", "--repository", repository, home=tmp_path)
    assert gone.returncode == 1
    assert "v9" in gone.stderr
    assert "Traceback" not in gone.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "there is nothing to check; expected files of SQL"),
        (("none.sql",), "none.sql: it cannot be read: No such file or directory"),
        (("/dev/null",), "/dev/null: it is no regular file"),
        (("--ref", "v1", "--repository", "."), "'v1' is no span of commits; expected A..B"),
        (("--ref=a..--upload-pack=x", "--repository", "."), "is no span of commits"),
        (("--ref", "a..b"), "no repository was chosen"),
    ],
)
def test_what_cannot_be_read_ends_in_a_sentence(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = check(*words, home=tmp_path)
    assert done.returncode == 1
    assert sentence in done.stderr


def test_text_of_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_bytes("SELECT 'ä'".encode("latin1"))
    done = check(str(tmp_path / "x.sql"), home=tmp_path)
    assert done.returncode == 1
    assert "it is not UTF-8 text" in done.stderr
