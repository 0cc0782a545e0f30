"""The lab's record, its SSH pins and its pid files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.lab import keys, models, sample, wait
from bunker.lab.daemon import remove_stale_pid_files
from bunker.lab.machine import require
from bunker.lab.models import LabHost, LabState

PUBLIC = "ssh-ed25519 AAAAC3Nza root@north\nssh-rsa AAAAB3Nza root@north\nstarting\n"


def state(folder: Path) -> LabState:
    return LabState(
        name="lab",
        subnet="10.70.1.0/24",
        hosts=(LabHost("north", "10.70.1.11", "debian:trixie", host_keys=("a b c",)),),
        registry_address="10.70.1.2:5000",
        git_address="10.70.1.3",
        git_known_hosts=("10.70.1.3 ssh-ed25519 AAAA",),
        public_key="ssh-ed25519 AAAA bunker-lab",
        folder=folder,
    )


def test_the_record_survives_and_moves_with_its_folder(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    models.save(state(one), one / "state.json")
    assert (one / "state.json").stat().st_mode & 0o777 == 0o600
    assert models.load(one / "state.json") == state(one)
    one.rename(two)
    assert models.load(two / "state.json") == state(two)
    assert models.load(tmp_path / "nowhere" / "state.json") is None


def test_a_broken_record_says_where_and_what_to_do(tmp_path: Path) -> None:
    for text in ("{", '{"version": 1}', '{"version": 1, "hosts": 3}'):
        (tmp_path / "state.json").write_text(text)
        with pytest.raises(BunkerError, match=r"state.json.*cannot be read.*lab\.up"):
            models.load(tmp_path / "state.json")


def test_an_unknown_host_names_the_known_ones(tmp_path: Path) -> None:
    assert state(tmp_path).host("north").address == "10.70.1.11"
    with pytest.raises(BunkerError, match=r"no host 'nort'.*north"):
        state(tmp_path).host("nort")


def test_known_hosts_lines_pin_address_and_name() -> None:
    assert keys.known_hosts_lines(("10.0.0.9", "north"), PUBLIC) == (
        "10.0.0.9,north ssh-ed25519 AAAAC3Nza",
        "10.0.0.9,north ssh-rsa AAAAB3Nza",
    )


def test_an_unchanged_known_hosts_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    keys.write_known_hosts(path, ["a", "b"])
    inode = path.stat().st_ino
    keys.write_known_hosts(path, ["a", "b"])
    assert path.stat().st_ino == inode
    keys.write_known_hosts(path, ["a"])
    assert path.read_text() == "a\n"


def test_the_key_pair_is_made_once_and_private(tmp_path: Path) -> None:
    private, public = keys.key_pair(tmp_path)
    assert private.stat().st_mode & 0o777 == 0o600
    assert public.startswith("ssh-ed25519 ")
    assert keys.key_pair(tmp_path) == (private, public)


def test_pid_files_of_dead_zombie_and_foreign_processes_go(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    for number, line in {
        "10": "10 (dockerd) S 1 10",
        "11": "11 (dockerd) Z 1 11",
        "12": "12 (some (odd) name) S 1 12",
    }.items():
        (proc / number).mkdir(parents=True)
        (proc / number / "stat").write_text(line)
    files = {}
    for name, text in {
        "live": "10\n",
        "zombie": "11",
        "other": "12",
        "gone": "13",
        "bad": "",
    }.items():
        files[name] = tmp_path / name
        files[name].write_text(text)
    missing = tmp_path / "missing"
    removed = remove_stale_pid_files([*files.values(), missing], proc)
    assert removed == [files[name] for name in ("zombie", "other", "gone", "bad")]
    assert files["live"].exists()


def test_a_real_zombie_counts_as_dead(tmp_path: Path) -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    file = tmp_path / "docker.pid"
    file.write_text(str(child.pid))
    assert remove_stale_pid_files([file]) == [file]
    child.wait()


def test_waiting_gives_the_answer_or_names_what_did_not_happen() -> None:
    answers = iter([None, "", "done"])
    assert wait.until(lambda: next(answers), seconds=5, what="it", every=0) == "done"
    with pytest.raises(BunkerError, match="the boot did not happen within 0 s: starting"):
        wait.until(lambda: None, seconds=0, what="the boot", explain=lambda: "starting")


def test_missing_programs_are_named_where_they_cannot_be_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bunker.lab.machine.is_root", lambda: False)
    require({"sh": "dash"})
    with pytest.raises(BunkerError, match="apt install no-such-package"):
        require({"no-such-program": "no-such-package", "sh": "dash"})


def test_the_sample_is_built_once_per_content(tmp_path: Path) -> None:
    folder = tmp_path / "unit_test_sample"
    folder.mkdir()
    (folder / "build.py").write_text(
        "def build_repository(target):\n"
        "    target.mkdir()\n"
        "    (target.parents[1] / 'calls').open('a').write('x')\n"
    )
    cache = tmp_path / "cache"
    first = sample.repository(folder, cache)
    assert first[0].is_dir()
    assert sample.repository(folder, cache) == first
    (folder / "more.txt").write_text("new")
    again = sample.repository(folder, cache)
    assert again[1] != first[1]
    assert (cache / "calls").read_text() == "xx"
    with pytest.raises(BunkerError, match=r"sample application is not there.*build\.py"):
        sample.repository(tmp_path / "none", cache)
