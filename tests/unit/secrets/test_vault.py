from __future__ import annotations

import json
import multiprocessing
import re
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bunker.errors import BunkerError, ExitCode, Problems
from bunker.masking import MASK, Secret
from bunker.secrets import (
    add_missing_secrets,
    change_secrets,
    create_host_secrets,
    files,
    read_host_secrets,
    set_secret,
    show,
    sops,
)
from bunker.vault_text import plaintext_keys, recipients
from tests.unit.secrets.conftest import Spec

PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nb3BlbnNz\r\naC1rZXk=\r\n" + (
    "-----END OPENSSH PRIVATE KEY-----"
)


def read(fleet, name="north"):
    return read_host_secrets(fleet.folder, name, key_file=fleet.key_file)


def put(fleet, key, value, name="north"):
    secret = Secret(value)
    return set_secret(fleet.folder, name, key, secret, key_file=fleet.key_file, specs=fleet.specs)


def test_generated_secrets_have_their_length_and_alphabet(north):
    secrets = read(north)
    assert set(secrets) == {"REDIS_PASSWORD", "JWT_ACCESS_SECRET"}
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{31}", secrets["REDIS_PASSWORD"].reveal())
    assert re.fullmatch(r"[0-9a-f]{64}", secrets["JWT_ACCESS_SECRET"].reveal())


def test_the_file_holds_no_plaintext_value_and_is_private(north):
    text = north.vault("north").read_text()
    assert all(secret.reveal() not in text for secret in read(north).values())
    assert "north" not in text
    assert north.vault("north").stat().st_mode & 0o777 == 0o600
    assert plaintext_keys(text.encode()) == ()


def test_two_hosts_share_no_secret(north):
    north.add("south")
    assert not set(read(north).values()) & set(read(north, "south").values())


def test_creating_refuses_to_replace(north):
    before = north.vault("north").read_bytes()
    with pytest.raises(BunkerError, match="has secrets already"):
        north.add("north")
    assert north.vault("north").read_bytes() == before


def test_missing_ones_are_added_and_the_others_left_alone(north):
    more = (*north.specs, Spec("STAGING__REDIS_PASSWORD"), Spec("WIKI__TOKEN", generated=False))
    before = read(north)
    lines = north.vault("north").read_text().splitlines()
    arguments = {"key_file": north.key_file, "specs": more}
    added = add_missing_secrets(north.folder, "north", **arguments)
    assert added == ("STAGING__REDIS_PASSWORD",)
    after = read(north)
    assert len(after.pop("STAGING__REDIS_PASSWORD")) == 32
    assert after == before
    gone = {
        line.split(":")[0].strip()
        for line in set(lines) - {*north.vault("north").read_text().splitlines()}
    }
    assert gone <= {"mac", "lastmodified"}
    stored = north.vault("north").read_bytes()
    with pytest.raises(BunkerError, match="has secrets already"):
        add_missing_secrets(north.folder, "north", **arguments)
    assert north.vault("north").read_bytes() == stored


def test_overrides_replace_generated_values_and_wrong_ones_are_listed_at_once(fleet):
    given = {"REDIS_PASSWORD": Secret("short-old"), "SMTP_PASS": Secret("p@ss word")}
    create_host_secrets(
        fleet.folder, "old", overrides=given, key_file=fleet.key_file, specs=fleet.specs
    )
    assert read(fleet, "old")["REDIS_PASSWORD"] == Secret("short-old")
    assert read(fleet, "old")["SMTP_PASS"] == Secret("p@ss word")
    wrong = {"REDIS_PASSWRD": Secret("canary-1"), "SMTP_PASS": Secret("canary-2\nX=1")}
    with pytest.raises(Problems) as caught:
        create_host_secrets(
            fleet.folder, "bad", overrides=wrong, key_file=fleet.key_file, specs=fleet.specs
        )
    assert "one of REDIS_PASSWORD" in str(caught.value)
    assert "SMTP_PASS has a line break" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert not fleet.vault("bad").exists()


def test_setting_changes_one_line_and_is_idempotent(north):
    put(north, "SMTP_PASS", "first")
    before = north.vault("north").read_text().splitlines()
    assert put(north, "SMTP_PASS", 'se"c$ond ünder') is True
    after = north.vault("north").read_text().splitlines()
    changed = {line.split(":")[0].strip() for line in set(after) - set(before)}
    assert changed <= {"SMTP_PASS", "mac", "lastmodified"}
    assert read(north)["SMTP_PASS"].reveal() == 'se"c$ond ünder'
    stamp = north.vault("north").stat().st_mtime_ns
    assert put(north, "SMTP_PASS", 'se"c$ond ünder') is False
    assert north.vault("north").stat().st_mtime_ns == stamp


def test_a_deploy_key_gets_the_lines_that_ssh_reads(north):
    put(north, "DEPLOY_KEY", PRIVATE_KEY)
    stored = read(north)["DEPLOY_KEY"].reveal()
    assert stored == PRIVATE_KEY.replace("\r\n", "\n") + "\n"
    with pytest.raises(BunkerError, match="not a private key"):
        put(north, "DEPLOY_KEY", "oops")


@pytest.mark.parametrize("value", ["", "  ", "two\nlines", " blank", "nul\0"])
def test_unfit_values_are_refused(north, value):
    before = north.vault("north").read_bytes()
    with pytest.raises(BunkerError):
        put(north, "SMTP_PASS", value)
    assert north.vault("north").read_bytes() == before


def test_a_key_can_be_removed_but_not_the_name_of_the_host(north):
    arguments = {"key_file": north.key_file, "specs": north.specs}
    assert change_secrets(north.folder, "north", {"REDIS_PASSWORD": None}, **arguments)
    assert "REDIS_PASSWORD" not in read(north)
    with pytest.raises(BunkerError, match="binds the file"):
        change_secrets(north.folder, "north", {"host": None}, **arguments)


def test_show_masks_unless_told_otherwise(north):
    assert set(show(north.folder, "north", key_file=north.key_file).values()) == {MASK}
    revealed = show(north.folder, "north", reveal=True, key_file=north.key_file)
    assert revealed == {name: secret.reveal() for name, secret in read(north).items()}


def _set_five(fleet, first):
    for number in range(first, first + 5):
        put(fleet, f"EXTERNAL_{number}", f"value-{number}")


def test_twenty_parallel_sets_keep_twenty_keys(north):
    # Two processes, each with two threads: both kinds of rivals.
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_set_five, args=(north, first)) for first in (0, 5)]
    for process in others:
        process.start()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda first: _set_five(north, first), (10, 15)))
    for process in others:
        process.join()
        assert process.exitcode == 0
    secrets = read(north)
    found = {key: value.reveal() for key, value in secrets.items() if key[:8] == "EXTERNAL"}
    assert found == {f"EXTERNAL_{number}": f"value-{number}" for number in range(20)}


def test_a_held_lock_is_reported_with_its_own_exit_code(north, monkeypatch):
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.05)
    with (
        files.locked(north.folder, "north"),
        pytest.raises(BunkerError, match="another command") as caught,
    ):
        put(north, "SMTP_PASS", "value")
    assert caught.value.exit_code is ExitCode.LOCK_HELD


def _write_on_a_full_disk(fleet, limit, answers):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        put(fleet, "SMTP_PASS", "x" * 4000)
    except BunkerError as error:
        answers.send(str(error))
    else:
        answers.send("written")


@pytest.mark.parametrize("room_for_the_copy", [False, True])
def test_a_full_disk_leaves_the_vault_as_it_was(north, room_for_the_copy):
    before = north.vault("north").read_bytes()
    limit = len(before) + 100 if room_for_the_copy else 500
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_write_on_a_full_disk, args=(north, limit, sender))
    process.start()
    process.join()
    assert "x" * 10 not in (answer := receiver.recv())
    assert answer != "written"
    assert north.vault("north").read_bytes() == before
    assert sorted(path.name for path in north.folder.iterdir()) == [
        ".locks",
        ".sops.yaml",
        "north.sops.yml",
        "north.yml",
    ]


def test_a_vault_that_does_not_open_again_is_not_stored(north, tmp_path):
    from bunker.secrets import operator_key

    other = operator_key.create(tmp_path / "other.age")
    config = north.folder / ".sops.yaml"
    config.write_text(f"creation_rules:\n  - age: {other[0]}\n")
    with pytest.raises(BunkerError, match=r"could not be opened again.*nothing was written"):
        north.add("south")
    assert not north.vault("south").exists()


def test_rules_that_leave_plaintext_values_are_refused(north):
    config = north.folder / ".sops.yaml"
    config.write_text(config.read_text() + "    encrypted_regex: ^JWT\n")
    with pytest.raises(BunkerError, match="leave values in plaintext: host, REDIS_PASSWORD"):
        north.add("south")
    assert not north.vault("south").exists()


def _edit(text: str, pattern: str, replacement: str) -> str:
    changed = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert changed != text
    return changed


DAMAGE = {
    "altered": (lambda t: _edit(t, r"^REDIS(.*)data:.", r"REDIS\1data:~"), "was altered"),
    "removed line": (lambda t: _edit(t, r"^REDIS.*\n", ""), "checksum does not match"),
    "cut off": (lambda t: t[:200], "not encrypted, or its end"),
    "plain": (lambda _t: "host: north\nREDIS_PASSWORD: canary\n", "not encrypted"),
    "empty": (lambda _t: "", "is empty"),
    "conflict": (lambda t: f"<<<<<<< ours\n{t}=======\n{t}>>>>>>> theirs\n", "conflict markers"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_every_kind_of_damage_has_its_sentence(north, kind):
    damage, sentence = DAMAGE[kind]
    path = north.vault("north")
    path.write_text(damage(path.read_text()))
    with pytest.raises(BunkerError, match=sentence) as caught:
        read(north)
    assert caught.value.remedy
    assert str(path) in str(caught.value)
    assert "canary" not in str(caught.value)


def test_another_operators_key_is_told_who_must_help(north, tmp_path):
    from bunker.secrets import operator_key

    operator_key.create(tmp_path / "other.age")
    with pytest.raises(BunkerError, match=r"none of your keys.*invoke secrets\.rekey"):
        read_host_secrets(north.folder, "north", key_file=tmp_path / "other.age")


def test_the_callers_environment_does_not_decide_who_can_read(north, monkeypatch, tmp_path):
    from bunker.secrets import operator_key

    other = operator_key.create(tmp_path / "other.age")
    monkeypatch.setenv("SOPS_AGE_RECIPIENTS", other[0])
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(tmp_path / "other.age"))
    north.add("south")
    ciphertext = north.vault("south").read_bytes()
    assert recipients(ciphertext) == operator_key.load(north.key_file)
    assert read(north, "south")


@pytest.mark.parametrize(
    "content",
    [
        {"host": "north", "A": 1},
        {"host": "north", "A": {"deep": "canary"}},
        {"host": "south", "A": "canary"},
        {"A": "canary"},
    ],
)
def test_vaults_of_another_shape_or_host_are_refused(north, content):
    path: Path = north.vault("north")
    config = north.folder / ".sops.yaml"
    arguments = ["--config", str(config), "encrypt", "--filename-override", str(path)]
    arguments += ["--input-type", "json", "--output-type", "yaml"]
    plain = json.dumps(content).encode()
    path.write_bytes(sops._run(arguments, plain, path=path, key_file=None, config=config))
    with pytest.raises(BunkerError) as caught:
        read(north)
    assert "canary" not in str(caught.value)


def test_a_vault_nested_without_end_is_refused(north):
    path: Path = north.vault("north")
    config = north.folder / ".sops.yaml"
    arguments = ["--config", str(config), "encrypt", "--filename-override", str(path)]
    arguments += ["--input-type", "json", "--output-type", "json"]
    plain = b'{"A": ' + b'{"b": ' * 3000 + b'"canary"' + b"}" * 3001
    made = sops._run(arguments, plain, path=path, key_file=None, config=config)
    path.write_bytes(re.sub(rb"\n\s*", b"", made))
    with pytest.raises(BunkerError, match="something else than one text for each key") as caught:
        read(north)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["../north", "a/b", "", ".hidden", "North"])
def test_a_host_name_cannot_lead_elsewhere(fleet, name):
    with pytest.raises(BunkerError, match="not a host name"):
        read(fleet, name)


def test_a_missing_file_names_what_makes_it(fleet):
    with pytest.raises(BunkerError, match=r"invoke secrets\.generate nowhere"):
        read(fleet, "nowhere")
