from __future__ import annotations

import subprocess
import sys

import pytest

from bunker.errors import Problems
from bunker.secrets import check, decrypt_hosts, operator_key, read_host_secrets, rekey, sops


def run_check(fleet):
    return check(fleet.folder, key_file=fleet.key_file, specs=lambda _host: fleet.specs)


def problems_of(fleet) -> str:
    return "\n".join(map(str, run_check(fleet).problems))


def test_only_the_named_hosts_are_opened(north, monkeypatch):
    for name in ("south", "east"):
        north.add(name)
    opened = []
    real = sops.decrypt
    monkeypatch.setattr(
        sops, "decrypt", lambda text, **rest: opened.append(rest["path"].name) or real(text, **rest)
    )
    secrets = decrypt_hosts(north.folder, ["south", "north", "south"], key_file=north.key_file)
    assert list(secrets) == ["south", "north"]
    assert sorted(opened) == ["north.sops.yml", "south.sops.yml"]
    assert set(secrets["north"]) == {"REDIS_PASSWORD", "JWT_ACCESS_SECRET"}


def test_problems_of_several_hosts_are_listed_at_once(north):
    north.add("south")
    north.vault("south").write_bytes(north.vault("north").read_bytes())
    with pytest.raises(Problems) as caught:
        decrypt_hosts(north.folder, ["north", "south", "west"], key_file=north.key_file)
    assert len(caught.value.problems) == 2
    assert "holds the secrets of host 'north'" in str(caught.value)
    assert "west.sops.yml: the host has no secrets file" in str(caught.value)


def test_a_sound_fleet_gets_only_the_advice_of_a_second_recipient(north):
    report = run_check(north)
    assert report.hosts == ("north",)
    assert report.problems == ()
    assert len(report.warnings) == 1
    assert "only one recipient" in report.warnings[0]
    report.raise_for_problems()


def test_check_finds_what_is_wrong_and_changes_nothing(north):
    from bunker.masking import Secret
    from bunker.secrets import create_host_secrets

    north.add("south")
    (north.folder / "south.yml").unlink()
    (north.folder / "bare.yml").write_text("name: bare\n")
    more = (*north.specs, type(north.specs[0])("NEW_PASSWORD"))
    create_host_secrets(
        north.folder,
        "weak",
        overrides={"REDIS_PASSWORD": Secret("canary"), "JWT_ACCESS_SECRET": Secret("Z" * 64)},
        key_file=north.key_file,
        specs=more,
    )
    (north.folder / "weak.yml").write_text("name: weak\n")
    north.vault("north").chmod(0o666)
    before = {path.name: path.read_bytes() for path in north.folder.glob("*.yml")}
    found = problems_of(north)
    assert "south.yml is missing" in found
    assert "bare.sops.yml: the host has no secrets file" in found
    assert "REDIS_PASSWORD is too short (6 characters; expected 32)" in found
    assert "JWT_ACCESS_SECRET has characters that are unsafe" in found
    assert "unknown secret 'NEW_PASSWORD'" in found
    assert "others may write to the file (mode 0666)" in found
    assert "canary" not in found
    assert {path.name: path.read_bytes() for path in north.folder.glob("*.yml")} == before
    missing = check(
        north.folder, host_names=["north"], key_file=north.key_file, specs=lambda _host: more
    )
    assert "missing: NEW_PASSWORD" in str(missing.problems[-1])
    assert "invoke secrets.generate north" in str(missing.problems[-1])
    with pytest.raises(Problems):
        missing.raise_for_problems()


def test_rekey_lets_a_colleague_in_and_out_with_a_new_data_key(north, tmp_path):
    north.add("south")
    colleague = operator_key.create(tmp_path / "colleague.age")
    config = north.folder / ".sops.yaml"
    alone = config.read_text()
    config.write_text(alone + f"      - {colleague[0]}\n")
    assert f"{colleague[0]} cannot" in problems_of(north)

    secrets = read_host_secrets(north.folder, "north", key_file=north.key_file)
    joined = rekey(north.folder, key_file=north.key_file)
    assert joined.hosts == ("north", "south")
    assert joined.added_recipients == colleague
    assert joined.warnings == ()
    assert read_host_secrets(north.folder, "north", key_file=tmp_path / "colleague.age") == secrets
    assert run_check(north).problems == ()
    assert run_check(north).warnings == ()

    config.write_text(alone)
    before = north.vault("north").read_text()
    left = rekey(north.folder, key_file=north.key_file)
    assert left.removed_recipients == colleague
    assert "invoke secrets.set" in left.warnings[0]
    # A new data key: not one encrypted line stayed what it was.
    after = north.vault("north").read_text()
    assert not {line for line in before.splitlines() if "ENC[" in line} & set(after.splitlines())
    with pytest.raises(Problems):
        decrypt_hosts(north.folder, ["north"], key_file=tmp_path / "colleague.age")


def test_rekey_changes_no_vault_when_one_cannot_be_done(north):
    north.add("south")
    north.vault("south").write_text("")
    before = north.vault("north").read_bytes()
    with pytest.raises(Problems, match="no vault was changed"):
        rekey(north.folder, key_file=north.key_file)
    assert north.vault("north").read_bytes() == before


def test_rekey_cannot_lock_the_operator_out(north, tmp_path):
    colleague = operator_key.create(tmp_path / "colleague.age")
    config = north.folder / ".sops.yaml"
    config.write_text(f"creation_rules:\n  - age: {colleague[0]}\n")
    before = north.vault("north").read_bytes()
    with pytest.raises(Problems, match="names your own recipient"):
        rekey(north.folder, key_file=north.key_file)
    assert north.vault("north").read_bytes() == before


def test_no_value_is_ever_an_argument(north, monkeypatch):
    from bunker.masking import Secret
    from bunker.secrets import set_secret

    commands = []
    real = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda command, **rest: commands.append(command) or real(command, **rest)
    )
    secret = Secret("canary-in-arguments")
    set_secret(
        north.folder, "north", "SMTP_PASS", secret, key_file=north.key_file, specs=north.specs
    )
    assert len(commands) == 3
    assert "canary" not in repr(commands)


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, bunker.secrets;"
        "print([m for m in ('ruamel.yaml', 'pydantic', 'rich', 'dbos') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
