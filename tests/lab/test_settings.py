"""A changed setting reaches exactly the services that read it, and can be looked up afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bunker.lab.fleet import operator_key
from bunker.secrets import read_host_secrets
from tests.lab.fleet_under_test import NAME, FleetUnderTest, Ran
from tests.lab.host_state import APP, started

pytestmark = pytest.mark.lab

CANARY = "canary-4b1d-never-to-be-seen"
SMS = "docker exec changemaker-lite-api-1 printenv ENABLE_SMS"


@dataclass(frozen=True)
class Switched:
    """A deployed host on which one feature was switched on, and when its containers started."""

    fleet: FleetUnderTest
    before: dict[str, str]
    ran: Ran


@pytest.fixture(scope="module")
def switched(deployed: FleetUnderTest) -> Switched:
    """The feature is switched on, and nothing else is changed."""
    deployed.pristine("north")
    before = started(deployed, "north")
    deployed.configure("north", {"features": {"sms": True}})
    dry = deployed.invoke("configure", "--host", "north", "--dry", "--diff")
    assert "ENABLE_SMS: false → true" in dry.text
    assert started(deployed, "north") == before
    ran = deployed.invoke("configure", "--host", "north", "--yes", "--json")
    return Switched(deployed, before, ran)


def test_one_feature_flag_recreates_only_the_services_that_read_it_and_says_what_visitors_noticed(
    switched: Switched,
) -> None:
    north, before = switched.fleet, switched.before
    after = started(north, "north")
    (planned,) = switched.ran.events("planned")
    (change,) = planned["plan"]["changes"]
    assert "  ENABLE_SMS: false → true" in change["lines"]
    assert after.keys() == before.keys()
    recreated = {service for service in after if after[service] != before[service]}
    assert recreated == {"api"} == set(change["restarts"])
    assert north.on("north", SMS) == "true\n"
    (recap,) = switched.ran.events("recap")
    assert recap["hosts"]["north"]["availability"]["requests"] > 0
    north.invoke("deploy", "--host", "north", "--dry", "--detailed-exitcode", expect=0)
    again = north.invoke("configure", "--host", "north", "--yes")
    assert "unchanged" in again.text
    assert started(north, "north") == after


def test_two_deploys_are_two_generations_and_their_difference_shows_no_secret(
    switched: Switched,
) -> None:
    north = switched.fleet
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
    kept = f"{APP}/generations/{before['number']:06d}/files/opt/changemaker-lite/.env"
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

    north.on("north", f"rm -r {APP}/generations/{before['number']:06d}")
    gone = north.invoke("diff", "--host", "north", *numbers).stdout
    assert f"the files of #{before['number']} are not kept; the fingerprints differ" in gone
    assert "files not kept" in north.invoke("history", "--host", "north").stdout


@pytest.fixture
def bare(fleet: FleetUnderTest) -> Iterator[FleetUnderTest]:
    fleet.bare("fresh")
    yield fleet
    fleet.remove("fresh")


def test_on_a_bare_host_the_env_tag_says_what_to_do_first(bare: FleetUnderTest) -> None:
    ran = bare.invoke("deploy", "--host", "fresh", "--role", "env", "--yes", expect=3)
    lines = [line for line in ran.text.splitlines() if "nothing is deployed yet" in line]
    assert "invoke deploy --host fresh" in " ".join(ran.text.split())
    assert lines
    assert "Traceback" not in ran.text
    (planned,) = bare.invoke(
        *("deploy", "--host", "fresh", "--role", "env", "--yes", "--json"), expect=3
    ).events("failed")
    assert planned["message"].count("\n") == 0
