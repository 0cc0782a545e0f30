"""Damaged and hostile files and options: one sentence and exit code 1, never a fault of ours."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from invoke.context import Context

from bunker.approvals.requests import read_json
from bunker.audit.chain import load_key
from bunker.audit.files import AuditFiles
from bunker.cli import audit, deploy, instance, runs
from bunker.cli.values import number_of
from bunker.errors import BunkerError
from bunker.journal.reader import Journal
from bunker.lab import models
from bunker.secrets import files as vault_files
from bunker.secrets import operator_key

COMMON: dict[str, Any] = {"json": False, "debug": False, "yes": False}
HOST = "host: north\naddress: 192.0.2.1\ndomain: north.example.org\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    folder.with_suffix(".py").touch()
    (folder / "north.yml").write_text(HOST)
    (tmp_path / ".bunker").mkdir()
    (tmp_path / "group_data").mkdir()
    monkeypatch.setenv("BUNKER_ROOT", str(tmp_path))
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(tmp_path / "keys" / "operator.age"))
    monkeypatch.delenv("BUNKER_FLEET", raising=False)
    monkeypatch.delenv("BUNKER_JOURNAL_URL", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


def fails(capsys: pytest.CaptureFixture[str], task: Any, **values: Any) -> str:
    with pytest.raises(SystemExit) as ended:
        task(Context(), **values, **COMMON)
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert "internal error" not in said.err
    return said.out + said.err


@pytest.mark.parametrize("code", ["sys.exit()", "sys.exit(0)", "raise SystemExit"])
def test_group_data_cannot_end_a_command_in_silence(root, capsys, code):
    (root / "group_data/all.py").write_text(f"import sys\n{code}\n")
    said = fails(capsys, instance.list_, fleet="production")
    assert "group_data/all.py:2: the file ended the program" in said


@pytest.mark.parametrize(
    "line",
    [
        "environment: {SMTP_PASS: hunter2}",
        "application: {repository: 'https://hunter2@example.org/x'}",
        "base: {banner: 'https://me:hunter2@example.org'}",
    ],
)
def test_a_secret_in_a_plain_file_is_never_shown(root, capsys, line):
    (root / "inventories/production/north.yml").write_text(f"{HOST}{line}\n")
    said = fails(capsys, instance.show, name="north", fleet="production")
    assert "north.yml:4: " in said
    assert "hunter2" not in said


@pytest.mark.parametrize("text", ["x", "２", "-1", "1.5", "9" * 5000, "1_0", " 1", "²"])
def test_a_count_is_written_in_plain_digits(text):
    with pytest.raises(BunkerError, match=r"^--limit: .* is not a number; expected 0 or more"):
        number_of(text, "--limit", 20)


def test_a_count_is_read_and_has_a_default():
    assert number_of("", "--limit", 20) == 20
    assert number_of("7", "--limit", 20) == 7
    with pytest.raises(BunkerError, match="expected 1 or more"):
        number_of("0", "--limit", 20, least=1)


def test_the_options_of_the_commands_are_such_counts(root, capsys):
    assert "--limit: '２'" in fails(capsys, runs.list_, limit="２", fleet="")
    values = {"last": "²", "host": [], "event": [], "run": "", "fleet": ""}
    assert "--last: '²'" in fails(capsys, audit.show, **values)
    given = {"name": "a", "domain": "a.example.org", "address": "192.0.2.9", "group": []}
    given |= {
        "tier": "1",
        "ref": "",
        "allow_downgrade": False,
        "user": "deploy",
        "fingerprint": "",
        "fleet": "production",
    }
    given |= {"no_preflight": True, "no_application": False}
    assert "--port: '２２'" in fails(capsys, instance.add, port="２２", **given)


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"fleet": ["x"]}', b"\xff", b'"\\ud800"'])
def test_a_plan_that_is_none_is_refused_by_apply(root, capsys, content):
    (root / "plan").write_bytes(content)
    said = fails(capsys, deploy.apply, file=str(root / "plan"), verbose=False)
    assert "this is not a saved plan" in said


@pytest.mark.parametrize("out", ["", "/dev/null", "x" * 300, "north.yml"])
def test_a_plan_is_refused_its_place_before_anything_else(root, capsys, monkeypatch, out):
    monkeypatch.chdir(root / "inventories/production")
    values: dict[str, Any] = {
        "role": [],
        "set": [],
        "app": "",
        "ref": "",
        "allow_downgrade": False,
        "detailed_exitcode": False,
        "verbose": False,
    }
    chosen: dict[str, Any] = {"host": ["north"], "group": [], "tag": [], "fleet": "production"}
    said = fails(capsys, deploy.plan, out=out, **values, **chosen)
    assert "expected the name of a new file" in said or "no plan of yours stands there" in said
    assert Path("north.yml").read_text() == HOST


def test_a_run_database_that_is_none_is_named(root, capsys):
    (root / ".bunker/runs.sqlite").write_text("this is no database, and never was one")
    for task, values in ((runs.list_, {"limit": "20"}), (runs.show, {"run": "x"})):
        assert "runs.sqlite: the run database does not answer" in fails(
            capsys, task, **values, fleet=""
        )


@pytest.mark.parametrize("content", ["{", "", None, [], {"args": []}, {"args": [{"run": 1}]}])
def test_a_damaged_record_of_a_run_is_named(root, content):
    # What DBOS gives for a row: the text itself where it is no JSON.
    row = SimpleNamespace(workflow_id="run-1", input=content, status="SUCCESS", output="")
    with pytest.raises(BunkerError, match="the record of run run-1 in the run database is damaged"):
        Journal(root, None)._record(row)


def test_a_database_without_tables_has_no_runs(root, capsys):
    (root / ".bunker/runs.sqlite").touch()
    assert "there are no runs yet" in fails(capsys, runs.list_, limit="20", fleet="")


READERS: dict[str, Callable[[Path], Any]] = {
    "request": lambda path: read_json(path, "request"),
    "lab": models.load,
    "audit key": load_key,
    "operator's key": operator_key.mac_key,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[" * 200_000, b"[1]", b'"x"', b'{"a":' * 70, b'{"x": "\\ud800"}', b"\x00"],
)
def test_what_a_program_wrote_and_somebody_damaged_ends_in_a_sentence(tmp_path, reader, content):
    path = tmp_path / "state"
    path.write_bytes(content)
    with pytest.raises(BunkerError) as caught:
        READERS[reader](path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("reader", [*READERS, "vault"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path, reader):
    path = tmp_path / "state"
    os.mkfifo(path, 0o600)
    with pytest.raises(BunkerError, match="this is a named pipe"):
        {**READERS, "vault": vault_files.read}[reader](path)


def test_a_damaged_head_of_the_audit_log_is_none(tmp_path):
    files = AuditFiles.of(tmp_path, "production")
    files.head.parent.mkdir(parents=True)
    for content in (b"\xff", b"[" * 200_000, b'{"fleet": 1}', b""):
        files.head.write_bytes(content)
        assert files.known_head() is None


def test_a_home_that_nobody_has_is_named(root, capsys, monkeypatch):
    monkeypatch.setenv("BUNKER_SSH_KEY", "~nobody-of-that-name/key")
    said = fails(capsys, instance.list_, fleet="production")
    assert "ssh_key: '~nobody-of-that-name/key' names a user that is not there" in said
