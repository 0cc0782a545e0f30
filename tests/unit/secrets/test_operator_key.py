from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.secrets import fingerprint, init, operator_key, operator_mac_key


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_makes_a_private_key_and_names_its_recipient(tmp_path):
    report = init(tmp_path / "fleet", key_file=tmp_path / "home" / "operator.age")
    assert report.key_created
    assert mode(report.key_file) == 0o600
    assert mode(report.key_file.parent) == 0o700
    assert report.recipient.startswith("age1")
    assert f"      - {report.recipient}\n" in report.config_file.read_text()
    assert "AGE-SECRET" not in report.config_file.read_text()
    assert any("only one recipient" in advice for advice in report.advice)


def test_init_uses_the_named_variable_and_an_existing_key(tmp_path, monkeypatch):
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(tmp_path / "key.age"))
    first = init(tmp_path / "one")
    second = init(tmp_path / "two")
    assert first.key_file == second.key_file == tmp_path / "key.age"
    assert (first.key_created, second.key_created) == (True, False)
    assert first.recipient == second.recipient


def test_init_overwrites_nothing(tmp_path):
    key = tmp_path / "key.age"
    report = init(tmp_path / "fleet", key_file=key)
    before = (key.read_bytes(), report.config_file.read_bytes())
    again = init(tmp_path / "fleet", key_file=key)
    assert (again.recipient, again.key_created) == (report.recipient, False)
    with pytest.raises(BunkerError, match="initialised already"):
        init(tmp_path / "fleet", key_file=tmp_path / "of-another-operator.age")
    assert not (tmp_path / "of-another-operator.age").exists()
    assert (key.read_bytes(), report.config_file.read_bytes()) == before


def test_init_makes_no_key_beside_secrets_that_it_could_not_open(north, tmp_path):
    (north.folder / ".sops.yaml").unlink()
    with pytest.raises(BunkerError, match="could not open"):
        init(north.folder, key_file=tmp_path / "other.age")
    assert not (tmp_path / "other.age").exists()


def test_a_key_inside_a_work_tree_must_be_ignored(tmp_path):
    git = shutil.which("git")
    assert git is not None
    repository = tmp_path / "repository"
    subprocess.run([git, "init", "-q", str(repository)], check=True)
    inside = repository / "keys" / "operator.age"
    with pytest.raises(BunkerError, match="inside a git work tree"):
        init(repository / "fleet", key_file=inside)
    assert not inside.exists()
    assert not (repository / "fleet").exists()
    (repository / ".gitignore").write_text("/keys/\n")
    assert init(repository / "fleet", key_file=inside).key_created


def test_a_folder_that_others_may_write_to_is_refused(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(BunkerError, match="others may write"):
        init(tmp_path / "fleet", key_file=shared / "operator.age")


@pytest.mark.parametrize(
    ("content", "file_mode", "problem"),
    [
        ("AGE-SECRET-KEY-1BROKEN\n", 0o600, "damaged"),
        ("# nothing\n", 0o600, "holds no age key"),
        ("AGE-SECRET-KEY-1BROKEN\n", 0o640, "open to others"),
    ],
)
def test_an_unfit_key_file_is_explained_without_quoting_it(tmp_path, content, file_mode, problem):
    key = tmp_path / "key.age"
    key.write_text(content)
    key.chmod(file_mode)
    with pytest.raises(BunkerError, match=problem) as caught:
        operator_key.load(key)
    assert "1BROKEN" not in str(caught.value)


def test_a_missing_key_names_the_next_command(tmp_path):
    with pytest.raises(BunkerError, match=r"invoke secrets\.init"):
        operator_key.locate(tmp_path / "absent")


def test_the_mac_key_is_stable_and_each_operators_own(tmp_path):
    one, two = tmp_path / "one.age", tmp_path / "two.age"
    operator_key.create(one)
    operator_key.create(two)
    assert operator_mac_key(one) == operator_mac_key(one) != operator_mac_key(two)
    assert len(operator_mac_key(one)) == 32
    assert operator_mac_key(one) not in one.read_bytes()


def test_fingerprints_tell_values_apart_only_with_the_key():
    assert fingerprint(b"value", b"k" * 32) == fingerprint(b"value", b"k" * 32)
    assert fingerprint(b"value", b"k" * 32) != fingerprint(b"other", b"k" * 32)
    assert fingerprint(b"value", b"k" * 32) != fingerprint(b"value", b"j" * 32)
    assert len(fingerprint(b"value", b"k" * 32)) == 32
