"""The fleet's own vault, and the commands that store into it and try the targets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.notify import open_dispatcher, read_secrets, store_secret
from bunker.secrets import check, init, rekey
from tests.unit.front_door import environment
from tests.unit.notify.stand_ins import GotifyStandIn, SlackStandIn

ROOT = Path(__file__).resolve().parents[3]
WANTED = ("PHONE_TOKEN", "OPS_WEBHOOK")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    key = tmp_path / "keys" / "operator.age"
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(key))
    root = tmp_path / "repository"
    folder = root / "inventories" / "production"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "inventories" / "production.py", root / "inventories")
    init(folder, key_file=key)
    yield root


def fleet(root: Path) -> Path:
    return root / "inventories" / "production"


def invoke(root: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        cwd=ROOT,
        env=environment(root, BUNKER_AGE_KEY_FILE=os.environ["BUNKER_AGE_KEY_FILE"]),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_are_stored_encrypted_and_read_again(root: Path) -> None:
    assert read_secrets(fleet(root)) == {}
    assert store_secret(fleet(root), "PHONE_TOKEN", Secret("canary-1"), WANTED)
    assert not store_secret(fleet(root), "PHONE_TOKEN", Secret("canary-1"), WANTED)
    assert store_secret(fleet(root), "OPS_WEBHOOK", Secret("https://h/canary-2"), WANTED)
    assert read_secrets(fleet(root)) == {
        "PHONE_TOKEN": Secret("canary-1"),
        "OPS_WEBHOOK": Secret("https://h/canary-2"),
    }
    assert "canary" not in (fleet(root) / "notifications.sops.yml").read_text()


def test_the_vault_of_notifications_is_checked_and_rekeyed_like_any_other(root: Path) -> None:
    store_secret(fleet(root), "PHONE_TOKEN", Secret("canary-1"), WANTED)
    report = check(fleet(root))
    assert report.hosts == ("notifications",)
    assert report.problems == ()
    (fleet(root) / "notifications.sops.yml").chmod(0o666)
    assert "others may write" in str(check(fleet(root)).problems[0])
    assert rekey(fleet(root)).hosts == ("notifications",)


def test_a_name_that_no_target_uses_is_refused(root: Path) -> None:
    with pytest.raises(BunkerError, match="Perhaps PHONE_TOKEN was meant"):
        store_secret(fleet(root), "PHONE_TOKN", Secret("x"), WANTED)
    with pytest.raises(BunkerError, match=r"Name targets in fleet\.settings\.yaml first"):
        store_secret(fleet(root), "PHONE_TOKEN", Secret("x"), ())


def test_a_host_s_vault_in_its_place_is_refused(root: Path) -> None:
    store_secret(fleet(root), "PHONE_TOKEN", Secret("canary-1"), WANTED)
    vault = fleet(root) / "notifications.sops.yml"
    vault.rename(fleet(root) / "north.sops.yml")
    shutil.copy(fleet(root) / "north.sops.yml", vault)
    assert read_secrets(fleet(root))
    problems = "\n".join(map(str, check(fleet(root)).problems))
    assert "the file holds the secrets of host 'notifications'" in problems


def test_a_fleet_without_targets_needs_no_key(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(root / "none"))
    assert open_dispatcher(root, "production").notify("failed", {"run": "r1"}) == []


def test_targets_are_set_up_and_tried_from_the_command_line(
    root: Path, gotify: GotifyStandIn, slack: SlackStandIn
) -> None:
    nothing = invoke(root, "notify.test")
    assert nothing.returncode == 1
    assert "has no notification targets" in nothing.stderr
    (fleet(root) / "fleet.settings.yaml").write_text(
        "notifications:\n"
        f"  - {{kind: gotify, name: phone, url: '{gotify.url}', token_secret: PHONE_TOKEN}}\n"
        "  - {kind: slack, name: ops, url_secret: OPS_WEBHOOK, events: [failed]}\n"
    )
    stored = invoke(root, "notify.secret", "PHONE_TOKEN", stdin=f"{gotify.token}\n")
    assert stored.returncode == 0, stored.stderr
    assert stored.stdout == "Stored PHONE_TOKEN. Try it with: invoke notify.test\n"

    some = invoke(root, "notify.test")
    assert some.returncode == 1
    assert some.stdout.splitlines()[1:] == [
        "phone   gotify  sent",
        "ops     slack   failed: the secret OPS_WEBHOOK is missing: run "
        "`invoke notify.secret OPS_WEBHOOK`",
    ]
    stored = invoke(
        root,
        "notify.secret",
        "OPS_WEBHOOK",
        stdin=slack.url + slack.path,
    )
    assert stored.returncode == 0, stored.stderr
    everything = invoke(root, "notify.test", "--json")
    assert everything.returncode == 0, everything.stderr
    told = json.loads(everything.stdout)
    assert [(item["target"], item["ok"]) for item in told["deliveries"]] == [
        ("phone", True),
        ("ops", True),
    ]
    assert "production: test of notifications" in slack.texts[0]
    assert not (root / ".bunker" / "notify").exists()
    for done in (nothing, some, stored, everything):
        assert "canary" not in done.stdout + done.stderr


def test_a_secret_s_name_is_checked_before_its_value_is_asked_for(root: Path) -> None:
    done = invoke(root, "notify.secret", "PHONE_TOKEN", stdin="canary")
    assert done.returncode == 1
    assert "no notification of this fleet uses a secret 'PHONE_TOKEN'" in done.stderr
