"""The audit log: a chain on disk that survives crashes, full disks and company."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from datetime import datetime
from pathlib import Path

import pytest

from bunker.audit import Head, append, head, read, verify
from bunker.audit.files import AuditFiles
from bunker.audit.who import operator, purpose
from bunker.errors import BunkerError
from bunker.masking import MASK, Redactor, Secret

FLEET = "production"


def events(root: Path) -> list[str]:
    return [entry.event for entry in read(root, FLEET)]


def test_an_entry_says_who_did_what_when_where_and_how_it_ended(tmp_path: Path) -> None:
    append(
        tmp_path,
        FLEET,
        "run.ended",
        hosts=["north", "south"],
        run="r7",
        what={"command": "upgrade", "changed": 2},
        plan="ab" * 32,
        outcome="ok",
    )
    (entry,) = read(tmp_path, FLEET)
    assert (entry.seq, entry.fleet, entry.event) == (1, FLEET, "run.ended")
    assert (entry.hosts, entry.run, entry.outcome) == (("north", "south"), "r7", "ok")
    assert entry.what == {"command": "upgrade", "changed": 2}
    assert entry.plan == "ab" * 32
    assert entry.who == operator()
    assert "@" in entry.who
    assert datetime.fromisoformat(entry.time).utcoffset().total_seconds() == 0  # type: ignore[union-attr]


def test_the_head_that_append_returns_is_the_newest_entry(log: AuditFiles, tmp_path: Path) -> None:
    found = append(tmp_path, FLEET, "run.ended")
    assert found == head(tmp_path, FLEET) == verify(tmp_path, FLEET).head
    assert found.seq == 6
    assert "\n" not in found.to_text()
    assert Head.from_text(found.to_text()) == found
    assert set(json.loads(found.to_text())) == {"fleet", "seq", "mac", "time", "chain"}


@pytest.mark.parametrize("text", ["", "7", "[]", "{}", '{"fleet": "x"}', "nonsense"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Head.from_text(text)


def test_a_fleet_without_a_log_is_whole_and_reading_makes_no_files(tmp_path: Path) -> None:
    assert list(read(tmp_path, FLEET)) == []
    assert head(tmp_path, FLEET) is None
    found = verify(tmp_path, FLEET)
    assert (found.ok, found.entries, found.head) == (True, 0, None)
    assert list(tmp_path.iterdir()) == []


def test_files_are_the_owners_alone_and_ignored_by_git(log: AuditFiles) -> None:
    assert log.folder.stat().st_mode & 0o777 == 0o700
    for path in (log.log, log.head, log.key):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (log.folder / ".gitignore").read_text() == "*\n"


def test_fleets_have_chains_of_their_own(log: AuditFiles, tmp_path: Path) -> None:
    assert append(tmp_path, "lab", "run.started").seq == 1
    assert verify(tmp_path, FLEET).entries == 5
    assert verify(tmp_path, "lab").ok


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a\nb"])
def test_a_name_that_could_leave_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BunkerError, match="not a fleet's name"):
        append(tmp_path, name, "run.started")


def test_secrets_that_come_with_texts_are_masked(tmp_path: Path) -> None:
    redact = Redactor([Secret("hunter2-hunter2")])
    what = {"error": ["login hunter2-hunter2 failed"], "value": Secret("other-secret")}
    append(tmp_path, FLEET, "run.host", what=what, outcome="hunter2-hunter2", redact=redact)
    text = AuditFiles.of(tmp_path, FLEET).log.read_text()
    assert "hunter2" not in text
    assert "other-secret" not in text
    assert text.count(MASK) == 3


@pytest.mark.parametrize(
    "what",
    [
        "one line\nand another\u2028",
        {1: "a", "10": "b", 9: "c"},
        {"x": float("nan"), "y": float("inf"), "z": 1.5, "t": (1, 2), "s": {"b", "a"}},
        {"path": Path("/x"), "odd": "\udcff", "bool": True, "none": None},
        "x" * 100_000,
        ["y" * 1_000] * 1_000,
        [[[[[[[[["deep"]]]]]]]]],
    ],
    ids=["lines", "numbers as keys", "floats", "odd", "long text", "long list", "deep"],
)
def test_any_content_is_written_short_and_reads_back_as_genuine(
    what: object, tmp_path: Path
) -> None:
    append(tmp_path, FLEET, "run.host", what=what)
    append(tmp_path, FLEET, "run.host")
    assert verify(tmp_path, FLEET).ok
    assert AuditFiles.of(tmp_path, FLEET).log.stat().st_size < 20_000


def _append_many(root: Path, times: int) -> None:
    for _ in range(times):
        append(root, FLEET, "run.host", hosts=[str(os.getpid())])


def test_two_processes_keep_one_chain(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_append_many, args=(tmp_path, 200)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    found = verify(tmp_path, FLEET)
    assert (found.problems, found.entries) == ((), 400)


def test_half_a_line_of_a_crash_is_reported_set_aside_and_noted(
    log: AuditFiles, tmp_path: Path
) -> None:
    with log.log.open("ab") as stream:
        stream.write(b'{"event":"run.ho')
    found = verify(tmp_path, FLEET)
    assert (found.ok, found.torn, found.entries) == (True, True, 5)
    append(tmp_path, FLEET, "run.ended")
    assert log.torn.read_bytes() == b'{"event":"run.ho\n'
    assert log.torn.stat().st_mode & 0o777 == 0o600
    assert events(tmp_path)[-2:] == ["audit.torn", "run.ended"]
    found = verify(tmp_path, FLEET)
    assert (found.ok, found.torn, found.entries) == (True, False, 7)


def test_a_whole_line_without_its_line_break_is_kept(log: AuditFiles, tmp_path: Path) -> None:
    log.log.write_bytes(log.log.read_bytes().rstrip(b"\n"))
    assert verify(tmp_path, FLEET).ok
    append(tmp_path, FLEET, "run.ended")
    assert not log.torn.exists()
    assert verify(tmp_path, FLEET).entries == 6


def test_a_crash_before_the_head_file_was_written_is_no_alarm(
    log: AuditFiles, tmp_path: Path
) -> None:
    before = log.head.read_bytes()
    append(tmp_path, FLEET, "run.ended")
    log.head.write_bytes(before)
    assert verify(tmp_path, FLEET).ok
    assert append(tmp_path, FLEET, "run.started").seq == 7
    assert verify(tmp_path, FLEET).ok


def test_a_full_disk_leaves_the_log_as_it_was(
    log: AuditFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = log.log.read_bytes()
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(28, "No space left on device")
        return real(descriptor, data[: len(data) - 50])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(BunkerError, match="No space left"):
        append(tmp_path, FLEET, "run.ended")
    monkeypatch.undo()
    assert log.log.read_bytes() == before
    assert verify(tmp_path, FLEET).ok


def test_a_lost_key_is_not_replaced(log: AuditFiles, tmp_path: Path) -> None:
    log.key.unlink()
    with pytest.raises(BunkerError, match="key is missing"):
        append(tmp_path, FLEET, "run.ended")
    with pytest.raises(BunkerError, match="key is missing"):
        verify(tmp_path, FLEET)
    assert not log.key.exists()


def test_a_damaged_key_is_told(log: AuditFiles, tmp_path: Path) -> None:
    log.key.write_text("abc\n")
    with pytest.raises(BunkerError, match="key is damaged"):
        append(tmp_path, FLEET, "run.ended")


def test_an_entry_costs_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # the disk's own time is not ours
    append(tmp_path, FLEET, "run.host")
    used = time.process_time()
    _append_many(tmp_path, 200)
    used = time.process_time() - used
    assert used / 200 < 0.005  # about 0.2 ms where nothing else runs


def test_the_purpose_is_the_commands_name_without_its_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/invoke", "--debug", "secrets.set", "--host", "x"])
    assert purpose() == "secrets.set"
    monkeypatch.setattr("sys.argv", ["/x/bunker/worker/__main__.py"])
    assert purpose() == "worker"
    monkeypatch.setattr("sys.argv", ["/usr/bin/pyinfra", "inventories/production.py"])
    assert purpose() == "pyinfra"
