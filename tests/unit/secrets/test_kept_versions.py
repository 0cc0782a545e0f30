"""The last good version of a vault is never further away than one command."""

from __future__ import annotations

import io
import shutil
import stat
import subprocess
import sys

import pytest
from invoke.context import Context

from bunker.cli import secrets as commands
from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.secrets import kept_versions, read_host_secrets, rekey, restore, set_secret


def store(fleet, value, key="SMTP_PASS"):
    set_secret(
        fleet.folder, "north", key, Secret(value), key_file=fleet.key_file, specs=fleet.specs
    )


def read(fleet):
    return read_host_secrets(fleet.folder, "north", key_file=fleet.key_file)


def versions(fleet):
    return kept_versions(fleet.folder, "north", key_file=fleet.key_file)


def bring_back(fleet, number=1):
    return restore(fleet.folder, "north", number, key_file=fleet.key_file)


def test_each_replaced_version_is_kept_encrypted_private_and_out_of_git(north):
    first = north.vault("north").read_bytes()
    store(north, "canary-one")
    store(north, "canary-one")  # nothing to replace
    store(north, "canary-two")
    folder = north.folder / ".previous" / "north"
    kept = sorted(folder.iterdir())
    assert [path.read_bytes() == first for path in kept] == [True, False]
    assert not [path for path in kept if b"canary" in path.read_bytes()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, *kept)] == [
        *(0o700, 0o700),
        *(0o600, 0o600),
    ]
    subprocess.run(["git", "init", "-q", north.folder], check=True)
    words = ["git", "-C", str(north.folder), "status", "--porcelain", "--untracked-files=all"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "north.sops.yml" in listed
    assert ".previous" not in listed


def test_only_the_latest_are_kept(north):
    for number in range(12):
        store(north, f"value-{number}")
    assert [version.number for version in versions(north)] == list(range(1, 11))
    bring_back(north, 10)
    assert read(north)["SMTP_PASS"] == Secret("value-1")


def test_an_earlier_version_comes_back_and_can_be_taken_back(north):
    store(north, "one")
    store(north, "two")
    store(north, "three", "EXTERNAL_1")
    newest, *_older, oldest = versions(north)
    assert (newest.added, newest.changed, newest.removed) == ((), (), ("EXTERNAL_1",))
    assert (oldest.number, oldest.removed) == (3, ("EXTERNAL_1", "SMTP_PASS"))
    found = bring_back(north, 2)
    assert (found.changed, found.removed) == (("SMTP_PASS",), ("EXTERNAL_1",))
    assert read(north)["SMTP_PASS"] == Secret("one")
    bring_back(north)
    assert read(north)["EXTERNAL_1"] == Secret("three")
    with pytest.raises(BunkerError, match="no earlier version 99"):
        bring_back(north, 99)


@pytest.mark.promise("An edit of secrets loses none by mistake")
@pytest.mark.parametrize("damage", ["gone", "cut", "another host's"])
def test_a_vault_that_is_damaged_is_brought_back(north, damage):
    store(north, "one")
    store(north, "two")
    vault = north.vault("north")
    match damage:
        case "gone":
            vault.unlink()
        case "cut":
            vault.write_bytes(vault.read_bytes()[:300])
        case _:
            north.add("south")
            shutil.copy(north.vault("south"), vault)
    with pytest.raises(BunkerError):
        read(north)
    assert "SMTP_PASS" in bring_back(north).added
    assert read(north)["SMTP_PASS"] == Secret("one")


def test_what_comes_back_is_for_those_who_may_read_the_secrets_now(north):
    store(north, "one")
    store(north, "two")
    rekey(north.folder, key_file=north.key_file)
    bring_back(north, 2)
    assert read(north)["SMTP_PASS"] == Secret("one")
    # A kept version that cannot be opened says so and keeps nobody from the others.
    kept = sorted((north.folder / ".previous" / "north").iterdir())
    kept[0].write_text("half of a file")
    *_newer, oldest = versions(north)
    assert oldest.problem
    with pytest.raises(BunkerError, match="not encrypted, or its end is missing"):
        bring_back(north, oldest.number)


def test_the_command_shows_the_versions_and_asks(north, tmp_path, monkeypatch, capsys):
    root = tmp_path / "root"
    (root / "inventories").mkdir(parents=True)
    (root / "inventories" / "production.py").touch()
    host = "host: north\naddress: 192.0.2.1\ndomain: north.example.org\n"
    host += "groups: [changemaker]\n"
    (north.folder / "north.yml").write_text(host)
    shutil.move(north.folder, root / "inventories" / "production")
    monkeypatch.setenv("BUNKER_ROOT", str(root))
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(north.key_file))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    options = {"host": ["north"], "group": [], "tag": [], "fleet": "", "json": False}
    options |= {"debug": False, "yes": False, "version": "1"}
    set_secret(root / "inventories" / "production", "north", "SMTP_PASS", Secret("one"))
    with pytest.raises(SystemExit):
        commands.restore(Context(), **options)
    said = capsys.readouterr()
    assert "removes SMTP_PASS" in said.err
    assert "--yes" in said.err
    commands.restore(Context(), **{**options, "yes": True})
    assert capsys.readouterr().out == "north: removes SMTP_PASS\n"
