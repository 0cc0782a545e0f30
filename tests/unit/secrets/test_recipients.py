"""A second operator, an offline key, and one that leaves: with the real sops and real keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.secrets import add_reader, new_key, read_host_secrets, readers, rekey, remove_reader
from bunker.secrets import fleet as fleet_module
from bunker.vault_text import recipients


def rules(north) -> str:
    return (north.folder / ".sops.yaml").read_text()


def second(tmp_path: Path, name: str = "anna") -> tuple[Path, str]:
    path = tmp_path / "others" / f"{name}.age"
    (key,) = new_key(path)
    return path, key


@pytest.mark.promise("A second operator is let in, and one taken out, by one command each")
def test_a_second_operator_reads_the_secrets_after_one_command(north, tmp_path) -> None:
    north.add("south")
    file, key = second(tmp_path)
    report = add_reader(north.folder, key, "anna", key_file=north.key_file)
    assert report.added_recipients == (key,)
    assert report.hosts == ("north", "south")
    assert f"      - {key}  # anna\n" in rules(north)
    for name in ("north", "south"):
        assert read_host_secrets(north.folder, name, key_file=file)
    found, number = readers(north.folder, key_file=north.key_file)
    assert [(one.note, one.yours, one.opens) for one in found] == [
        ("", True, 2),
        ("anna", False, 2),
    ]
    assert number == 2


def test_a_lost_key_is_replaced_by_whoever_has_another(north, tmp_path) -> None:
    """The offline key takes the place of the operator's, who makes a new one."""
    offline, key = second(tmp_path, "offline")
    add_reader(north.folder, key, "offline", key_file=north.key_file)
    (lost, *_), _ = readers(north.folder)
    north.key_file.unlink()
    own, new = second(tmp_path, "own")
    add_reader(north.folder, new, "me", key_file=offline)
    remove_reader(north.folder, lost.key, key_file=offline)
    assert read_host_secrets(north.folder, "north", key_file=own)
    assert lost.key not in rules(north)


@pytest.mark.promise("A second operator is let in, and one taken out, by one command each")
def test_one_that_leaves_opens_nothing_that_is_written_from_then_on(north, tmp_path) -> None:
    file, key = second(tmp_path)
    add_reader(north.folder, key, "anna", key_file=north.key_file)
    report = remove_reader(north.folder, "anna", key_file=north.key_file)
    assert report.removed_recipients == (key,)
    assert any("can still read every older version" in one for one in report.warnings)
    assert key not in rules(north)
    with pytest.raises(BunkerError):
        read_host_secrets(north.folder, "north", key_file=file)
    assert read_host_secrets(north.folder, "north", key_file=north.key_file)


def test_comments_and_the_other_lines_of_the_rules_stay(north, tmp_path) -> None:
    before = rules(north).splitlines()
    _, key = second(tmp_path)
    add_reader(north.folder, key, "anna", key_file=north.key_file)
    remove_reader(north.folder, key[:16], key_file=north.key_file)
    assert rules(north).splitlines() == before


def test_what_was_cut_off_is_finished_by_the_same_command(north, tmp_path) -> None:
    """Killed between the rules and the vaults: the key is named and opens nothing yet."""
    file, key = second(tmp_path)
    place = north.folder / ".sops.yaml"
    place.write_text(rules(north) + f"      - {key}\n")
    assert add_reader(north.folder, key, key_file=north.key_file).added_recipients == (key,)
    assert rules(north).count(key) == 1
    assert read_host_secrets(north.folder, "north", key_file=file)


def test_where_the_vaults_cannot_be_encrypted_the_rules_are_as_before(
    north, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = second(tmp_path)
    before, vault = rules(north), north.vault("north").read_bytes()

    def fails(*_: object, **__: object) -> None:
        raise BunkerError("the disk is full")

    monkeypatch.setattr(fleet_module.files, "replace", fails)
    with pytest.raises(BunkerError, match="the disk is full"):
        add_reader(north.folder, key, key_file=north.key_file)
    assert (rules(north), north.vault("north").read_bytes()) == (before, vault)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("", "is no public age key"),
        ("age1short", "is no public age key"),
        ("ssh-ed25519 AAAA", "is no public age key"),
        ("age1\x1b[2J", "is no public age key"),
    ],
)
def test_what_is_no_public_key_is_refused(north, key: str, sentence: str) -> None:
    before = rules(north)
    with pytest.raises(BunkerError, match=sentence) as refused:
        add_reader(north.folder, key, key_file=north.key_file)
    assert "\x1b" not in str(refused.value)
    assert rules(north) == before


def test_a_private_key_is_refused_and_not_repeated(north, tmp_path) -> None:
    file, _ = second(tmp_path)
    private = file.read_text().splitlines()[-1]
    with pytest.raises(BunkerError, match="counts as disclosed") as refused:
        add_reader(north.folder, private, key_file=north.key_file)
    assert private not in str(refused.value)


def test_nobody_removes_their_own_key_or_one_that_is_not_there(north, tmp_path) -> None:
    before = rules(north)
    (own,) = readers(north.folder)[0]
    with pytest.raises(BunkerError, match="this is your own key"):
        remove_reader(north.folder, own.key, key_file=north.key_file)
    with pytest.raises(BunkerError, match="0 recipients are called 'anna'; expected one of age1"):
        remove_reader(north.folder, "anna", key_file=north.key_file)
    with pytest.raises(BunkerError, match="0 recipients"):
        remove_reader(north.folder, "", key_file=north.key_file)
    _, key = second(tmp_path)
    add_reader(north.folder, key, key_file=north.key_file)
    with pytest.raises(BunkerError, match="2 recipients are called 'age1'"):
        remove_reader(north.folder, "age1", key_file=north.key_file)
    assert before in rules(north)


@pytest.mark.parametrize(
    "text",
    [
        "creation_rules: []\n",
        "creation_rules:\n  - path_regex: a\n    age: age1x,age1y\n",
        "creation_rules:\n  - path_regex: a\n    age:\n      - age1x\n"
        "  - path_regex: b\n    age:\n      - age1y\n",
    ],
)
def test_rules_of_another_form_are_left_to_a_person(north, tmp_path, text: str) -> None:
    (north.folder / ".sops.yaml").write_text(text)
    _, key = second(tmp_path)
    with pytest.raises(BunkerError, match="Edit it by hand"):
        add_reader(north.folder, key, key_file=north.key_file)
    assert rules(north) == text


@pytest.mark.promise("A second operator is let in, and one taken out, by one command each")
def test_a_key_never_takes_the_place_of_another(tmp_path) -> None:
    path, _ = second(tmp_path)
    before = path.read_bytes()
    with pytest.raises(BunkerError, match="there is a key already; nothing was changed"):
        new_key(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_vaults_say_the_same_as_the_rules_after_each_of_it(north, tmp_path) -> None:
    _, key = second(tmp_path)
    add_reader(north.folder, key, key_file=north.key_file)
    in_vault = set(recipients(north.vault("north").read_bytes()))
    assert in_vault == {one.key for one in readers(north.folder)[0]}
    assert rekey(north.folder, key_file=north.key_file).added_recipients == ()
