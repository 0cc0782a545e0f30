"""Secrets: every opening is recorded, and nothing is changed that cannot be recorded."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from bunker import secrets
from bunker.audit import Entry, append, read, verify
from bunker.audit import secret_access as hooks
from bunker.audit.files import AuditFiles
from bunker.errors import BunkerError, Problems
from bunker.masking import Secret
from bunker.secrets import files as vault_files

FLEET = "production"


@dataclass(frozen=True)
class Spec:
    key: str
    length: int = 32
    alphabet: Literal["urlsafe", "hex"] = "urlsafe"
    generated: bool = True


SPECS = (Spec("REDIS_PASSWORD"), Spec("SMTP_PASS", generated=False))


@dataclass(frozen=True)
class Place:
    root: Path
    key: Path

    @property
    def folder(self) -> Path:
        return self.root / "inventories" / FLEET

    def add(self, name: str) -> None:
        secrets.create_host_secrets(self.folder, name, key_file=self.key, specs=SPECS)

    def set(self, name: str, value: str) -> bool:
        new = Secret(value)
        return secrets.set_secret(
            self.folder, name, "SMTP_PASS", new, key_file=self.key, specs=SPECS
        )

    def entries(self) -> list[Entry]:
        return list(read(self.root, FLEET))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("model")
    made = Place(place / "root", place / "keys" / "operator.age")
    secrets.init(made.folder, key_file=made.key)
    made.add("north")
    made.add("south")
    shutil.rmtree(made.root / ".bunker")
    return place


@pytest.fixture
def place(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    shutil.copytree(model, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr("sys.argv", ["/usr/bin/invoke", "deploy", "--host", "north"])
    monkeypatch.setattr(hooks, "_warned", False)
    return Place(tmp_path / "root", tmp_path / "keys" / "operator.age")


def unwritable(place: Place) -> None:
    """A log that cannot be written, for root as well."""
    (place.root / ".bunker").write_text("in the way")


def test_opening_many_hosts_is_one_entry_with_the_commands_name(place: Place) -> None:
    secrets.decrypt_hosts(place.folder, ["south", "north"], key_file=place.key)
    (entry,) = place.entries()
    assert (entry.event, entry.hosts, entry.outcome) == ("secrets.read", ("north", "south"), "ok")
    assert entry.what == {"purpose": "deploy"}


def test_opening_one_host_is_recorded(place: Place) -> None:
    secrets.show(place.folder, "north", key_file=place.key)
    (entry,) = place.entries()
    assert (entry.event, entry.hosts) == ("secrets.read", ("north",))


def test_a_vault_that_does_not_open_is_recorded_too(place: Place) -> None:
    vault = secrets.vault_path(place.folder, "south")
    vault.write_text("broken")
    with pytest.raises(Problems):
        secrets.decrypt_hosts(place.folder, ["north", "south"], key_file=place.key)
    with pytest.raises(BunkerError):
        secrets.read_host_secrets(place.folder, "south", key_file=place.key)
    both, one = place.entries()
    assert (both.hosts, both.what["could_not_open"]) == (("north",), ["south"])
    assert (one.hosts, one.outcome) == (("south",), "failed")


def test_changes_are_recorded_by_the_names_of_keys_and_never_by_values(place: Place) -> None:
    place.add("east")
    assert place.set("east", "canary-value-1")
    secrets.change_secrets(
        place.folder, "east", {"SMTP_PASS": None}, key_file=place.key, specs=SPECS
    )
    secrets.rekey(place.folder, key_file=place.key)
    created, stored, removed, rekeyed = place.entries()
    assert {entry.event for entry in place.entries()} == {"secrets.changed"}
    assert created.what == {"purpose": "deploy", "created": ["REDIS_PASSWORD"]}
    assert (stored.what["set"], stored.what["removed"]) == (["SMTP_PASS"], [])
    assert (removed.what["set"], removed.what["removed"]) == ([], ["SMTP_PASS"])
    assert rekeyed.hosts == ("east", "north", "south")
    assert all(recipient.startswith("age1") for recipient in rekeyed.what["recipients"])
    assert "canary-value-1" not in AuditFiles.of(place.root, FLEET).log.read_text()
    assert verify(place.root, FLEET).ok


def test_a_change_that_changes_nothing_is_not_recorded(place: Place) -> None:
    assert place.set("north", "canary-value-1")
    assert not place.set("north", "canary-value-1")
    assert len(place.entries()) == 1


def test_a_change_that_fails_gets_a_second_entry(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_more: object) -> None:
        raise BunkerError("no space")

    monkeypatch.setattr(vault_files, "write_atomically", full)
    with pytest.raises(BunkerError, match="no space"):
        place.set("north", "canary-value-1")
    assert [entry.outcome for entry in place.entries()] == ["ok", "failed"]


def test_reading_goes_on_where_it_cannot_be_recorded_and_says_so_once(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    unwritable(place)
    for _ in range(2):
        assert secrets.decrypt_hosts(place.folder, ["north"], key_file=place.key)["north"]
    said = capsys.readouterr().err
    assert said.count("warning: secrets are read without a record of it") == 1


def test_nothing_is_changed_that_cannot_be_recorded(place: Place) -> None:
    unwritable(place)
    before = {path: path.read_bytes() for path in place.folder.glob("*.sops.yml")}
    with pytest.raises(BunkerError, match="not changed, because that cannot be recorded"):
        place.set("north", "canary-value-1")
    with pytest.raises(BunkerError, match="cannot be recorded"):
        place.add("east")
    with pytest.raises(BunkerError, match="cannot be recorded"):
        secrets.rekey(place.folder, key_file=place.key)
    assert {path: path.read_bytes() for path in place.folder.glob("*.sops.yml")} == before


def test_a_lost_chain_key_stops_changes_but_not_reading(place: Place) -> None:
    append(place.root, FLEET, "run.started")
    AuditFiles.of(place.root, FLEET).key.unlink()
    assert secrets.read_host_secrets(place.folder, "north", key_file=place.key)
    with pytest.raises(BunkerError, match="key is missing"):
        place.set("north", "canary-value-1")


def test_a_folder_that_is_no_fleets_has_no_log(place: Place, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(place.folder, elsewhere)
    assert secrets.read_host_secrets(elsewhere, "north", key_file=place.key)
    assert not list(tmp_path.rglob(".bunker"))
