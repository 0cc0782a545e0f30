"""audit.show and audit.verify as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bunker.audit import append, read
from bunker.audit.files import AuditFiles
from tests.unit.front_door import environment

CODE = Path(__file__).resolve().parents[3]
FLEET = "production"


def invoke(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        cwd=CODE,
        env=environment(root),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "inventories" / FLEET
    folder.mkdir(parents=True)
    folder.with_suffix(".py").touch()
    (folder / "north.yml").write_text(
        "host: north\naddress: 127.0.0.1\nport: 9\ndomain: north.example.org\ntier: 1\n"
        "groups: [changemaker]\n"
    )
    append(tmp_path, FLEET, "run.started", hosts=["north", "gone"], run="r1", what="deploy")
    append(tmp_path, FLEET, "secrets.read", hosts=["north"], what={"purpose": "deploy"})
    append(tmp_path, FLEET, "run.host", hosts=["gone"], run="r1", outcome="failed")
    return tmp_path


def test_the_log_is_shown_newest_last_with_who_and_how_it_ended(root: Path) -> None:
    done = invoke(root, "audit.show")
    assert (done.returncode, done.stderr) == (0, "")
    heading, first, _second, last, total = done.stdout.splitlines()
    assert heading.split()[0] == "SEQ"
    assert "run.started" in first
    assert "@" in first
    assert last.split()[-3:] == ["gone", "r1", "failed"]
    assert total == "3 entries of the fleet production"


@pytest.mark.parametrize(
    ("words", "seqs"),
    [
        (["--host", "gone"], [1, 3]),
        (["--host", "nor*"], [1, 2]),
        (["--run", "r1"], [1, 3]),
        (["--event", "secrets.*"], [2]),
        (["--event", "run.started,secrets.read"], [1, 2]),
        (["--last", "2"], [2, 3]),
        (["--last", "0"], [1, 2, 3]),
        (["--host", "nobody"], []),
    ],
)
def test_entries_are_chosen_by_host_run_event_and_number(
    root: Path, words: list[str], seqs: list[int]
) -> None:
    done = invoke(root, "audit.show", *words, "--json")
    assert done.returncode == 0, done.stderr
    assert [entry["seq"] for entry in json.loads(done.stdout)["entries"]] == seqs


def test_a_whole_log_is_whole(root: Path) -> None:
    done = invoke(root, "audit.verify")
    assert done.returncode == 0
    assert done.stdout.startswith("chain intact: 3 genuine entries, the newest 3 of ")


def test_a_broken_log_names_the_first_bad_entry(root: Path) -> None:
    log = AuditFiles.of(root, FLEET).log
    log.write_bytes(log.read_bytes().replace(b'"purpose":"deploy"', b'"purpose":"status"'))
    done = invoke(root, "audit.verify")
    assert done.returncode == 1
    assert done.stdout.startswith("chain broken: entry 2 is not what was written\n")
    told = json.loads(invoke(root, "audit.verify", "--json").stdout)
    assert (told["ok"], told["problems"][0]["seq"]) == (False, 2)
    assert "the chain of the log is broken: entry 2" in invoke(root, "audit.show").stderr


def test_a_host_that_cannot_be_asked_leaves_the_verdict_open(root: Path) -> None:
    (root / "inventories" / FLEET / "known_hosts").touch()
    done = invoke(root, "audit.verify", "--hosts")
    assert done.returncode == 7, done.stderr
    assert "north: could not be asked" in done.stdout


def test_a_log_that_can_be_written_no_more_can_still_be_read_after_the_fleet_is_gone(
    root: Path,
) -> None:
    (root / "inventories" / FLEET / "north.yml").unlink()
    done = invoke(root, "audit.show", "--fleet", FLEET)
    assert "3 entries" in done.stdout, done.stderr


def test_a_fleet_that_never_was_is_an_error_with_near_misses(root: Path) -> None:
    done = invoke(root, "audit.verify", "--fleet", "productoin")
    assert done.returncode == 1
    assert "production" in done.stderr
    assert not AuditFiles.of(root, "productoin").log.exists()


def test_removing_a_host_is_recorded_as_the_end_of_its_secrets_too(root: Path) -> None:
    done = invoke(root, "instance.remove", "north", "--yes", "--force")
    assert done.returncode == 0, done.stderr
    *_, secrets, inventory = read(root, FLEET)
    assert (secrets.event, secrets.hosts) == ("secrets.changed", ("north",))
    assert secrets.what["purpose"] == "instance.remove"
    assert (inventory.event, inventory.what["removed"]) == (
        "inventory.changed",
        "north.example.org",
    )


def test_a_host_is_not_removed_where_that_cannot_be_recorded(root: Path) -> None:
    AuditFiles.of(root, FLEET).key.unlink()
    done = invoke(root, "instance.remove", "north", "--yes", "--force")
    assert done.returncode == 1
    assert "cannot be recorded" in done.stderr
    assert (root / "inventories" / FLEET / "north.yml").exists()
