"""The tasks that read and change the fleet's files, run in this process."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

import bunker.fleet.scaffold
import bunker.secrets
from bunker.cli import hosts, instance, secrets, secrets_access
from bunker.cli.options import Options
from bunker.errors import BunkerError
from bunker.fleet import load_fleet
from bunker.host_keys import HostKey

KEY = HostKey("ssh-ed25519", "SHA256:abc", "192.0.2.1 ssh-ed25519 AAAA")
COMMON: dict[str, Any] = {"json": False, "debug": False, "yes": False}
SELECTION: dict[str, Any] = {"host": ["north"], "group": [], "tag": [], "fleet": "production"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fleet of one host, with an operator's key outside of it."""
    folder = tmp_path / "root" / "inventories" / "production"
    folder.mkdir(parents=True)
    folder.with_suffix(".py").touch()
    (folder / "north.yml").write_text(
        "host: north\naddress: 192.0.2.1\ndomain: north.example.org\ntier: 1\n"
        "groups: [changemaker]\n"
    )
    monkeypatch.setenv("BUNKER_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(tmp_path / "keys" / "operator.age"))
    monkeypatch.delenv("BUNKER_FLEET", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path / "root"


def fails(task: Any, **values: Any) -> int:
    with pytest.raises(SystemExit) as ended:
        task(Context(), **values)
    return int(str(ended.value.code))


def test_a_fleets_secrets_from_the_first_key_to_a_changed_value(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets_access.init(Context(), fleet="production", **COMMON)
    secrets.generate(Context(), name="north", fleet="production", **COMMON)
    said = capsys.readouterr()
    assert "recipient: age1" in said.out
    assert "advice: only one recipient" in said.err
    assert "Generated the secrets of north: inventories/production/north.sops.yml" in said.out

    monkeypatch.setattr(sys, "stdin", io.StringIO("canary-password\n"))
    secrets.set_(Context(), key="SMTP_PASS", **SELECTION, **COMMON)
    said = capsys.readouterr()
    assert said.out == (
        "Stored SMTP_PASS of north. Bring it to the host with: "
        "invoke deploy --fleet production --role env --host north\n"
    )

    secrets.show(Context(), key="SMTP_PASS", reveal=False, **SELECTION, **COMMON)
    assert "canary" not in capsys.readouterr().out
    assert fails(secrets.show, key="SMTP_PASS", reveal=True, **SELECTION, **COMMON) == 1
    assert "--yes" in capsys.readouterr().err
    agreed = {**COMMON, "yes": True}
    secrets.show(Context(), key="SMTP_PASS", reveal=True, **SELECTION, **agreed)
    assert capsys.readouterr().out == "canary-password\n"

    secrets_access.check(Context(), **SELECTION, **COMMON)
    assert "The secrets of 1 host are in order" in capsys.readouterr().out
    (root / "inventories/production/north.sops.yml").write_text("REDIS_PASSWORD: in-the-open\n")
    assert fails(secrets_access.check, **SELECTION, **COMMON) == 1
    said = capsys.readouterr()
    assert "north.sops.yml" in said.err
    assert "in-the-open" not in said.out + said.err


def test_a_secret_needs_a_name_and_a_value(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root
    assert fails(secrets.set_, key="", **SELECTION, **COMMON) == 1
    assert "--key" in capsys.readouterr().err
    assert fails(secrets.set_, key="SMTP_PASS", **SELECTION, **COMMON) == 1
    assert "no value was given for SMTP_PASS" in capsys.readouterr().err


def test_a_host_without_an_application_has_no_secrets_to_make_or_set(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root / "inventories" / "production"
    (folder / "plain.yml").write_text("host: plain\naddress: 192.0.2.2\ndomain: p.example.org\n")
    assert fails(secrets.generate, name="plain", fleet="production", **COMMON) == 1
    plain = {**SELECTION, "host": ["plain"]}
    assert fails(secrets.set_, key="SMTP_PASS", **plain, **COMMON) == 1
    assert capsys.readouterr().err.count("error: plain has no need of secrets") == 2
    assert not (folder / "plain.sops.yml").exists()
    secrets_access.init(Context(), fleet="production", **COMMON)
    secrets.generate(Context(), name="north", fleet="production", **COMMON)
    secrets_access.check(Context(), **{**SELECTION, "host": []}, **COMMON)
    assert "The secrets of 1 host are in order" in capsys.readouterr().out


STAGING = """\
applications:
  staging:
    kind: changemaker
    environment:
      {NGINX_HTTP_PORT: 8080, NGINX_HTTPS_PORT: 8443, API_PORT: 4010, ADMIN_PORT: 3100,
       V2_POSTGRES_PORT: 5443, REDIS_PORT: 6389}
"""
WIKI = """\
host: east
address: 192.0.2.3
domain: east.example.org
applications:
  wiki: {kind: compose, folder: wiki, secrets: [DB_PASSWORD]}
"""


def test_another_applications_secrets_are_generated_set_and_checked_by_its_name(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, north = root / "inventories" / "production", SELECTION
    secrets_access.init(Context(), fleet="production", **COMMON)
    secrets.generate(Context(), name="north", fleet="production", **COMMON)
    file = folder / "north.yml"
    file.write_text(file.read_text() + STAGING)
    capsys.readouterr()
    assert fails(secrets_access.check, **north, **COMMON) == 1
    said = capsys.readouterr().err
    assert "missing: STAGING__" in said
    assert "invoke secrets.generate north" in said
    secrets.generate(Context(), name="north", fleet="production", **COMMON)
    assert "STAGING__V2_POSTGRES_PASSWORD" in capsys.readouterr().out
    secrets_access.check(Context(), **north, **COMMON)
    assert fails(secrets.generate, name="north", fleet="production", **COMMON) == 1
    assert "has secrets already" in capsys.readouterr().err

    (folder / "east.yml").write_text(WIKI)
    secrets.generate(Context(), name="east", fleet="production", **COMMON)
    missing = (
        "advice: WIKI__DB_PASSWORD is missing; set it: "
        "invoke secrets.set --fleet production --host east --key WIKI__DB_PASSWORD\n"
    )
    assert capsys.readouterr().err == missing
    assert fails(secrets.generate, name="east", fleet="production", **COMMON) == 1
    assert capsys.readouterr().err.startswith(missing)
    east = {**SELECTION, "host": ["east"]}
    secrets.show(Context(), key="", reveal=False, **east, **COMMON)
    assert capsys.readouterr().err == missing
    secrets.show(Context(), key="", reveal=False, **east, **COMMON | {"json": True})
    assert json.loads(capsys.readouterr().out)["missing"] == ["WIKI__DB_PASSWORD"]
    assert fails(secrets_access.check, **east, **COMMON) == 1
    assert (
        "east.sops.yml: missing: WIKI__DB_PASSWORD. "
        "Run `invoke secrets.set --host east --key WIKI__DB_PASSWORD`"
    ) in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.StringIO("canary-password\n"))
    capsys.readouterr()
    secrets.set_(Context(), key="WIKI__DB_PASSWORD", **east, **COMMON)
    assert capsys.readouterr().out == (
        "Stored WIKI__DB_PASSWORD of east. Bring it to the host with: "
        "invoke deploy --fleet production --host east --app wiki\n"
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("canary-password\n"))
    secrets.set_(Context(), key="GIT_TOKEN", **east, **COMMON)
    assert "with: invoke deploy --fleet production --host east\n" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.StringIO("canary-password\n"))
    assert fails(secrets.set_, key="WIKI__DB_PASWORD", **east, **COMMON) == 1
    assert "one of WIKI__DB_PASSWORD" in capsys.readouterr().err
    secrets_access.check(Context(), **{**SELECTION, "host": []}, **COMMON)
    assert "The secrets of 2 hosts are in order" in capsys.readouterr().out


def test_secrets_of_an_application_that_was_removed_are_named_and_can_be_removed(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, east = root / "inventories" / "production", {**SELECTION, "host": ["east"]}
    secrets_access.init(Context(), fleet="production", **COMMON)
    secrets.generate(Context(), name="north", fleet="production", **COMMON)
    (folder / "east.yml").write_text(WIKI)
    secrets.generate(Context(), name="east", fleet="production", **COMMON)
    for key in ("WIKI__DB_PASSWORD", "GIT_TOKEN"):
        monkeypatch.setattr(sys, "stdin", io.StringIO("canary-password\n"))
        secrets.set_(Context(), key=key, **east, **COMMON)
    (folder / "east.yml").write_text(WIKI.partition("applications:")[0])

    left_over = (
        "advice: east: WIKI__DB_PASSWORD belongs to no application of the host: "
        "remove it with `invoke secrets.edit --host east`"
    )
    for chosen in ({**SELECTION, "host": []}, east):
        capsys.readouterr()
        secrets_access.check(Context(), **chosen, **COMMON)
        assert left_over in capsys.readouterr().err
    secrets.show(Context(), key="", reveal=False, **east, **COMMON)
    assert "WIKI__DB_PASSWORD" in capsys.readouterr().out
    for change in ("s/GIT_TOKEN: .*/GIT_TOKEN: other/", "/^WIKI/d"):
        monkeypatch.setenv("VISUAL", f"sed -i '{change}'")
        secrets.edit(Context(), remove=["WIKI__DB_PASSWORD"], **east, **COMMON)
    secrets_access.check(Context(), **east, **COMMON)
    said = capsys.readouterr()
    assert "east: changed GIT_TOKEN\neast: removed WIKI__DB_PASSWORD\n" in said.out
    assert "belongs to no application" not in said.err


def test_list_and_show(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root
    instance.list_(Context(), fleet="", **COMMON)
    assert capsys.readouterr().out == (
        "HOST   DOMAIN             ADDRESS    TIER  REF  GROUPS       TAGS\n"
        "north  north.example.org  192.0.2.1  1     v2   changemaker\n"
        "1 host in the fleet production\n"
    )
    instance.list_(Context(), fleet="", **{**COMMON, "json": True})
    assert json.loads(capsys.readouterr().out)[0]["name"] == "north"
    instance.show(Context(), name="north", fleet="", **COMMON)
    shown = capsys.readouterr().out
    assert "address  " in shown
    assert "inventories/production/north.yml:2" in shown


def test_a_new_instance_passes_every_choice_on(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, Any]] = []

    def add(*arguments: Any, **choices: Any) -> Any:
        calls.append((arguments, choices))
        raise BunkerError("stop here")

    monkeypatch.setattr(bunker.fleet.scaffold, "add_instance", add)
    own = {"name": "west", "domain": "w.example.org", "address": "192.0.2.9", "fingerprint": ""}
    own |= {"no_preflight": True, "no_application": False}
    chosen = {"group": ["canary,eu"], "tier": "2", "ref": "v2.1", "port": "2222", "user": "ops"}
    assert fails(instance.add, **own, **chosen, fleet="production", **COMMON) == 1
    arguments, choices = calls[0]
    assert arguments == (root, "production", "west", "w.example.org", "192.0.2.9")
    passed = {
        name: choices[name] for name in ("tier", "groups", "ref", "port", "user", "application")
    }
    assert passed == {
        "tier": 2,
        "groups": ("canary", "eu"),
        "ref": "v2.1",
        "port": 2222,
        "user": "ops",
        "application": True,
    }
    assert fails(instance.add, **own, **{**chosen, "tier": "x"}, fleet="", **COMMON) == 1
    assert "--tier: 'x' is not a number" in capsys.readouterr().err


@pytest.mark.parametrize("no_preflight", [False, True])
def test_a_new_instance_is_looked_at_and_stays_whatever_is_found(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    no_preflight: bool,
) -> None:
    folder = root / "inventories" / "production"
    files = [folder / "west.yml", folder / "west.sops.yml"]

    def add(*_arguments: Any, **_choices: Any) -> Any:
        files[0].write_text(
            "host: west\naddress: 127.0.0.1\nport: 9\ndomain: w.example.org\n"
            "tier: 1\ngroups: [changemaker]\n"
        )
        host = load_fleet(root, "production", require_secrets=False).host("west")
        return bunker.fleet.scaffold.Added(host, files[0], files[1], (KEY,))

    monkeypatch.setattr(bunker.fleet.scaffold, "add_instance", add)
    own = {"name": "west", "domain": "w.example.org", "address": "127.0.0.1", "fingerprint": ""}
    chosen = {"group": [], "tier": "1", "ref": "", "port": "9", "user": "ops"}
    way = {"fleet": "production", "no_preflight": no_preflight, "no_application": False}
    instance.add(Context(), **own, **chosen, **way, **COMMON)
    said = capsys.readouterr().out
    assert said.startswith("Added west: inventories/production/west.yml")
    assert ("west: not reached" in said) is not no_preflight
    assert ("look again with: invoke preflight --fleet production --host west" in said) is (
        not no_preflight
    )
    assert files[0].exists()


def test_a_host_is_added_to_a_lab_only_where_the_lab_is_named(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(*_arguments: Any, **_choices: Any) -> Any:
        raise BunkerError("went on")

    monkeypatch.setattr(bunker.fleet.scaffold, "add_instance", add)
    (root / ".lab" / "production").mkdir(parents=True)
    (root / ".lab" / "production" / "state.json").write_text("{}")
    chosen = {"group": [], "tier": "1", "ref": "", "port": "22", "user": "ops", "fingerprint": ""}
    own = {"name": "west", "domain": "w.example.org", "address": "192.0.2.9", **chosen}
    own |= {"no_preflight": True, "no_application": False}
    assert fails(instance.add, **own, fleet="", **COMMON) == 1
    said = capsys.readouterr().err
    assert "no fleet is named, and production is a lab" in said
    assert "--fleet production" in said
    assert fails(instance.add, **own, fleet="production", **COMMON) == 1
    assert "went on" in capsys.readouterr().err
    monkeypatch.setenv("BUNKER_FLEET", "production")
    assert fails(instance.add, **own, fleet="", **COMMON) == 1
    assert "went on" in capsys.readouterr().err


def test_a_host_key_is_shown_before_it_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert instance._confirm([KEY], "west", "", Options(yes=True))
    assert "ssh-ed25519            SHA256:abc" in capsys.readouterr().err
    assert instance._confirm([KEY], "west", "SHA256:abc", Options())
    assert not instance._confirm([KEY], "west", "SHA256:other", Options(yes=True))


def test_without_a_terminal_the_fingerprint_can_be_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(BunkerError, match=r"no terminal to ask on.*--fingerprint"):
        instance._confirm([KEY], "west", "", Options())
    assert "SHA256:abc" in capsys.readouterr().err


def test_logs_want_a_number_of_lines_and_one_host(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (root / "inventories/production/north.yml").read_text()
    second = text.replace("north", "south").replace("192.0.2.1", "192.0.2.2")
    (root / "inventories/production/south.yml").write_text(second)
    own = {"service": "", "follow": False, "app": ""}
    assert fails(hosts.logs, lines="many", **own, **SELECTION, **COMMON) == 1
    both = {**SELECTION, "host": ["north", "south"]}
    assert fails(hosts.logs, lines="5", **own, **both, **COMMON) == 1
    said = capsys.readouterr().err
    assert "--lines: 'many' is not a number" in said
    assert "2 hosts were chosen: north, south" in said
