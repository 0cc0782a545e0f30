"""The lab's fleet as files: what the lab wrote it may remove, and nothing else."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bunker.lab import fleet
from bunker.lab.models import LabHost, LabState


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "inventories").mkdir()
    monkeypatch.setenv(fleet.KEY_VARIABLE, str(tmp_path / "somebody-else.age"))
    return tmp_path


def lab_state(root: Path, *names: str) -> LabState:
    folder = root / ".lab" / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    known_hosts = folder / "known_hosts"
    known_hosts.write_text("")
    return LabState(
        name="lab",
        subnet="10.70.1.0/24",
        hosts=tuple(LabHost(name, "10.70.1.11", "debian:trixie") for name in names),
        registry_address="10.70.1.2:5000",
        git_address="10.70.1.3",
        git_known_hosts=("10.70.1.3 ssh-ed25519 AAAA",),
        public_key="ssh-ed25519 AAAA bunker-lab",
        folder=folder,
    )


def test_only_hosts_that_the_lab_wrote_lose_their_files(root: Path) -> None:
    state = lab_state(root, "north", "south")
    private, _public = fleet.deploy_key(state)
    folder = fleet.write_fleet(root, state, deploy_key=private)
    (folder / "real-1.yml").write_text("host: real-1\n")
    (folder / "real-1.sops.yml").write_text("A: b\n")
    fleet.write_fleet(root, replace(state, hosts=state.hosts[:1]), deploy_key=private)
    names = {path.name for path in folder.glob("[!.]*.yml")}
    assert names == {"north.yml", "north.sops.yml", "real-1.yml", "real-1.sops.yml"}
    assert (root / ".lab/lab/written-hosts").read_text() == "north\n"
    fleet.write_fleet(root, replace(state, hosts=()), deploy_key=private)
    names = {path.name for path in folder.glob("[!.]*.yml")}
    assert names == {"real-1.yml", "real-1.sops.yml"}
    fleet.operator_key(root).unlink()
    fleet.write_fleet(root, state, deploy_key=private)
    assert (folder / "real-1.yml").read_text() == "host: real-1\n"
    assert (folder / "real-1.sops.yml.key-is-gone").read_text() == "A: b\n"
    fleet.remove_fleet(root, "lab", fleet.written_hosts(root, "lab"))
    assert (folder / "real-1.yml").exists()
    assert not (folder / "north.yml").exists()


def test_a_lab_that_is_gone_leaves_no_folder(root: Path) -> None:
    state = lab_state(root, "north")
    folder = fleet.write_fleet(root, state, deploy_key=fleet.deploy_key(state)[0])
    fleet.remove_fleet(root, "lab", fleet.written_hosts(root, "lab"))
    assert not folder.exists()


def test_a_labs_own_key_wins_over_the_operators(root: Path) -> None:
    operators = os.environ[fleet.KEY_VARIABLE]
    fleet.use_lab_keys(root, "production")
    assert os.environ[fleet.KEY_VARIABLE] == operators
    key = fleet.operator_key(root)
    key.parent.mkdir(parents=True)
    key.touch()
    fleet.use_lab_keys(root, "production")
    assert os.environ[fleet.KEY_VARIABLE] == operators
    fleet.use_lab_keys(root, "lab")
    assert os.environ[fleet.KEY_VARIABLE] == str(key)
