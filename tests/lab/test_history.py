"""`history` and `diff` on a real host: what it ran, how two differ, and never a secret."""

from __future__ import annotations

import json

import pytest

from bunker.lab.fleet import operator_key
from bunker.secrets import read_host_secrets
from tests.lab.fleet_under_test import NAME, FleetUnderTest

pytestmark = pytest.mark.lab

CANARY = "canary-4b1d-never-to-be-seen"


def test_two_deploys_are_two_generations_and_their_difference_shows_no_secret(
    north: FleetUnderTest,
) -> None:
    north.configure("north", {"features": {"sms": True}})
    north.deploy("north", more=("--tags", "env"))

    told = north.invoke("history", "--host", "north", "--json")
    (host,) = json.loads(told.stdout)["hosts"]
    before, after = host["generations"][-2:]
    assert (before["current"], after["current"]) == (False, True)
    assert after["changed"] == ["configuration"]
    assert after["kept"]
    shown = north.invoke("history", "--host", "north").stdout
    newest = next(line for line in shown.splitlines() if line.startswith(f"#{after['number']} "))
    assert "current" in newest
    assert "just now" in newest or " ago" in newest
    assert after["run"] in newest

    # As if the key had been rotated in between: the kept file of before held another value.
    kept = f"/var/lib/bunker/generations/{before['number']:06d}/files/opt/changemaker-lite/.env"
    north.on("north", f"sed -i 's/^SMTP_PASS=.*/SMTP_PASS={CANARY}/' {kept}")
    numbers = (str(before["number"]), "current")
    texts = [
        north.invoke("diff", "--host", "north", *numbers),
        north.invoke("diff", "--host", "north", *reversed(numbers)),
        north.invoke("diff", "--host", "north", *numbers, "--json"),
    ]
    assert "ENABLE_SMS: false → true" in texts[0].text
    assert "ENABLE_SMS: true → false" in texts[1].text
    found = json.loads(texts[2].stdout)
    (env,) = (file for file in found["files"] if file["path"] == "/opt/changemaker-lite/.env")
    assert "ENABLE_SMS: false → true" in env["lines"]
    assert any(line.startswith("SMTP_PASS: ") for line in env["lines"])
    assert found["commits_added"] == []
    vault = read_host_secrets(north.folder, "north", key_file=operator_key(north.root, NAME))
    secrets = [CANARY, *(value.reveal() for value in vault.values())]
    for text in texts:
        assert not [secret for secret in secrets if len(secret) > 3 and secret in text.text]

    same = north.invoke("diff", "--host", "north", "current", "current")
    assert "nothing differs" in same.stdout
    refused = north.invoke("diff", "--host", "north", "99", "current", expect=1)
    assert "there is no generation '99'" in refused.stderr

    north.on("north", f"rm -r /var/lib/bunker/generations/{before['number']:06d}")
    gone = north.invoke("diff", "--host", "north", *numbers).stdout
    assert f"the files of #{before['number']} are not kept; the fingerprints differ" in gone
    assert "files not kept" in north.invoke("history", "--host", "north").stdout
