"""Whatever is misspelt on a command line or in a host's file, the answer names what was meant."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bunker.application.features import feature_problems
from bunker.errors import BunkerError
from bunker.journal.reader import Journal
from tests.unit.front_door import environment

ROOT = Path(__file__).resolve().parents[3]
HOST = """\
host: north
address: 192.0.2.1
domain: north.example.org
groups: [changemaker, canary]
tags: [pilot]
applications:
  wiki: {kind: compose, folder: wiki}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet of one host that has its secrets, and no mail yet."""
    found = tmp_path_factory.mktemp("fleet")
    folder = found / "inventories" / "production"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "inventories" / "production.py", found / "inventories")
    (folder / "north.yml").write_text(HOST)
    for words in (("secrets.init",), ("secrets.generate", "north")):
        done = invoke(found, *words)
        assert done.returncode == 0, done.stderr
    return found


def invoke(root: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        cwd=ROOT,
        env=environment(root),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("deplyo north", "deploy"),
        ("deploy --hots north", "--host"),
        ("status nroth", "north"),
        ("deploy --group canray --dry", "canary"),
        ("status --tag pliot", "pilot"),
        ("status --fleet prodution", "production"),
        ("deploy north --role dokcer --dry", "docker"),
        ("logs north --app wkii", "wiki"),
        ("secrets.show north --key REDIS_PASWORD", "REDIS_PASSWORD"),
        ("secrets.set north --key SMPT_PASS", "SMTP_PASS"),
    ],
)
@pytest.mark.promise("Whatever is misspelt, what was meant is named")
def test_a_near_miss_is_answered_with_what_was_meant(root: Path, line: str, meant: str) -> None:
    done = invoke(root, *line.split(), given="canary-secret\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(rf"(Perhaps|expected one of) ([^.]* )?{meant}\b", done.stderr), done.stderr
    assert done.stderr.count("\n") == 1
    assert "canary-secret" not in done.stderr


def test_a_secret_that_is_known_and_not_stored_is_told_with_how_to_store_it(root: Path) -> None:
    done = invoke(root, "secrets.show", "north", "--key", "SMTP_PASS")
    assert done.returncode == 1
    assert "set it: invoke secrets.set --host north --key SMTP_PASS." in done.stderr


def test_the_value_of_a_misspelt_secret_is_never_asked_for(root: Path) -> None:
    """Standard input stays unread: what was piped in is still there for the next program."""
    words = f"{sys.executable} -m invoke secrets.set north --key SMPT_PASS; cat"
    done = subprocess.run(
        ["sh", "-c", words],
        cwd=ROOT,
        env=environment(root),
        input="canary-secret\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "canary-secret\n"


def test_a_feature_that_there_is_not_is_answered_with_the_one_that_was_meant() -> None:
    (problem,) = feature_problems({"medai": True, "sms": True}, where="north.yml")
    assert "north.yml: features: 'medai' is not a feature" in str(problem)
    assert "Perhaps media or mail was meant." in str(problem)


class Client:
    """A run database with three runs."""

    def list_workflows(self, *, workflow_ids: tuple[str, ...] = (), **_more: bool) -> list[object]:
        names = ("20261121T140400Z-3f2a", "20261121T140500Z-77c1", "20261202T090000Z-3e2a")
        return [] if workflow_ids else [SimpleNamespace(workflow_id=name) for name in names]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("3f2b", "20261121T140400Z-3f2a was"),
        ("20261121T140500Z-77d1", "20261121T140500Z-77c1"),
        ("20261121", "20261121T140400Z-3f2a or 20261121T140500Z-77c1"),
        ("nothing", ""),
    ],
)
def test_a_run_that_there_is_not_is_answered_with_those_that_are_called_alike(
    typed: str, meant: str
) -> None:
    with pytest.raises(BunkerError) as refused:
        Journal(Path(), Client()).run(typed)
    said = str(refused.value)
    assert f"Perhaps {meant}" in said if meant else "Perhaps" not in said
    assert said.endswith("See: invoke run.list.")
