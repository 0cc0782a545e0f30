"""Six instances on an upgrade day: a canary first, batches after it, and versions that go wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from bunker.masking import Secret
from bunker.notify import store_secret
from tests.lab.fleet_under_test import FleetUnderTest, Ran
from tests.unit.notify.stand_ins import GotifyStandIn

pytestmark = pytest.mark.lab

CANARY = "amber"
OTHERS = ("birch", "cedar", "dune", "elm", "fjord")
EVERYONE = (CANARY, *OTHERS)
CRAMPED = {"health_timeout_seconds": 60, "quiet_seconds": 2}

RUNNING = """
curl -sS -H 'Host: {domain}' http://127.0.0.1/api/health
echo
docker ps --no-trunc --format '{{{{.Label "com.docker.compose.service"}}}} {{{{.ID}}}}' | sort
"""
# Visitors of the canary: health checks say nothing of what people see, so they ask for campaigns.
VISITORS = """
systemctl stop visitors 2>/dev/null || true
systemd-run --quiet --unit=visitors --collect sh -c '
  while :; do
    curl -s -o /dev/null --max-time 5 -H "Host: {domain}" http://127.0.0.1/api/campaigns
    sleep 0.04
  done'
"""


class SixHosts:
    """The fleet with six deployed instances in the group ``six``; the first is the canary."""

    def __init__(self, fleet: FleetUnderTest) -> None:
        self.fleet = fleet
        for name in EVERYONE:
            fleet.deployed_as(name)
            original = fleet.original(name)
            fleet.configure(
                name,
                {
                    **original,
                    "groups": ["changemaker", "six", *(["canary"] if name == CANARY else [])],
                    "application": {**original["application"], **CRAMPED},
                    "environment": {"RATE_LIMIT_MAX": "1000000"},
                },
            )
        # The host that they were cloned from stays for other tests, and out of the way.
        fleet.lab.engine().run("pause", fleet.lab.naming.container("north"))
        for name in EVERYONE:
            fleet.settled(name)

    def rollout(self, ref: str, *more: str, soak: str = "1s", expect: int | None = 0) -> Ran:
        """`invoke rollout` of the whole group."""
        words = ("rollout", "--group", "six", "--ref", ref, "--batch", "3", "--soak", soak)
        return self.fleet.invoke(*words, "--yes", "--json", *more, expect=expect, timeout=1500)

    def visited_rollout(self, ref: str, *, soak: str, expect: int) -> Ran:
        """A rollout whose canary has visitors from the moment on that its soak begins."""
        words = ("rollout", "--group", "six", "--ref", ref, "--batch", "3", "--soak", soak)
        process = self.fleet.start(*words, "--yes", "--json")
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if json.loads(line)["event"] == "soak":
                self.fleet.on(CANARY, VISITORS.format(domain=self.domain(CANARY)))
        process.wait(timeout=60)
        self.fleet.on(CANARY, "systemctl stop visitors", check=False)
        ran = Ran(process.returncode, "".join(seen), "")
        assert ran.code == expect, ran.text
        return ran

    def containers(self, name: str) -> str:
        """Ids of a host's containers: any of them changes when it is recreated."""
        return self._running(name)[1]

    def version(self, name: str) -> str:
        """The version that answers on a host."""
        found: str = json.loads(self._running(name)[0])["version"]
        return found

    def _running(self, name: str) -> list[str]:
        return self.fleet.on(name, RUNNING.format(domain=self.domain(name))).split("\n", 1)

    def domain(self, name: str) -> str:
        """What visitors of a host call it."""
        return str(self.fleet.original(name)["domain"])

    def versions(self) -> dict[str, str]:
        """The version that answers on every host."""
        return {name: self.version(name) for name in EVERYONE}

    @contextmanager
    def visitors(self) -> Iterator[None]:
        """Somebody uses the canary all the time."""
        self.fleet.on(CANARY, VISITORS.format(domain=self.domain(CANARY)))
        try:
            yield
        finally:
            self.fleet.on(CANARY, "systemctl stop visitors", check=False)


@pytest.fixture(scope="module")
def six(deployed: FleetUnderTest) -> Iterator[SixHosts]:
    """Six instances of v2.0.0."""
    deployed.pristine("north")
    hosts = SixHosts(deployed)
    yield hosts
    deployed.lab.engine().run("unpause", deployed.lab.naming.container("north"))
    for name in EVERYONE:
        deployed.remove(name)


def outcomes(ran: Ran) -> dict[str, str]:
    """Every host's outcome from a run's recap."""
    (recap,) = ran.events("recap")
    return {name: found["outcome"] for name, found in recap["hosts"].items()}


def test_a_rollout_goes_canary_first_and_one_unreachable_host_stops_nobody(six: SixHosts) -> None:
    container = six.fleet.lab.naming.container("fjord")
    six.fleet.lab.engine().run("pause", container)
    try:
        with six.visitors():
            ran = six.rollout("v2.1.0", "--max-fail", "1", soak="20s", expect=3)
    finally:
        six.fleet.lab.engine().run("unpause", container)
    batches = [(event["name"], event["hosts"]) for event in ran.events("batch")]
    assert batches[0] == ("canary", [CANARY])
    assert [len(hosts) for _name, hosts in batches] == [1, 3, 2]
    assert [event["outcome"] for event in ran.events("judgement")] == ["pass"]
    good = {name: "changed" for name in EVERYONE if name != "fjord"}
    assert outcomes(ran) == {**good, "fjord": "unreachable"}
    (recap,) = ran.events("recap")
    for name in good:
        measured = recap["hosts"][name]["availability"]
        assert measured["requests"] > 20
        assert recap["hosts"][name]["generation"]["number"] == 2
    run = ran.events("begin")[0]["run"]
    shown = six.fleet.invoke("run.show", run)
    assert "fjord  unreachable" in shown.stdout
    assert f"invoke run.retry-failed {run}" in shown.stdout

    retried = six.fleet.invoke("run.retry-failed", run, "--yes", "--json")
    assert outcomes(retried) == {"fjord": "changed"}
    assert set(six.versions().values()) == {"2.1.0"}


def test_a_second_rollout_to_the_same_ref_changes_nothing(six: SixHosts) -> None:
    before = {name: six.containers(name) for name in EVERYONE}
    ran = six.rollout("v2.1.0")
    assert outcomes(ran) == dict.fromkeys(EVERYONE, "ok")
    assert ran.events("begin") == []
    assert {name: six.containers(name) for name in EVERYONE} == before


@contextmanager
def phone(six: SixHosts) -> Iterator[GotifyStandIn]:
    """A stand-in for a Gotify server that the fleet's settings name."""
    settings = six.fleet.folder / "fleet.settings.yaml"
    with GotifyStandIn() as server:
        settings.write_text(
            f"notifications: [{{kind: gotify, name: phone, url: {server.url!r},"
            " token_secret: PHONE_TOKEN}]\n"
        )
        with patch.dict(os.environ, six.fleet.environment):
            store_secret(
                six.fleet.folder, "PHONE_TOKEN", Secret(server.token), wanted=["PHONE_TOKEN"]
            )
        yield server
    settings.unlink()


def test_a_version_that_crashes_stops_at_the_canary_and_is_rolled_back(six: SixHosts) -> None:
    before = {name: six.containers(name) for name in OTHERS}
    with phone(six) as server:
        ran = six.rollout("v2.2.0-crash", expect=4)
    # One digest for each event of the run, however many hosts it has.
    titles = [str(item.body["title"]) for item in server.received]
    assert len(titles) == 2, titles
    assert "rolled back" in titles[1]
    assert CANARY in server.texts[1]
    assert outcomes(ran) == {CANARY: "rolled back", **dict.fromkeys(OTHERS, "not started")}
    (recap,) = ran.events("recap")
    assert "canary" in recap["reason"]
    # Its replacement never served, so visitors noticed nothing.
    assert "template cache" in "\n".join(recap["hosts"][CANARY]["output"])
    assert six.version(CANARY) == "2.1.0"
    assert {name: six.containers(name) for name in OTHERS} == before
    status = six.fleet.invoke("status", "--group", "six", "--exit-status")
    assert "6 healthy" in status.stdout


def test_a_version_that_burns_slowly_passes_health_and_is_caught_by_the_judgement(
    six: SixHosts,
) -> None:
    before = {name: six.containers(name) for name in OTHERS}
    ran = six.visited_rollout("v2.2.0-slow-burn", soak="60s", expect=4)
    assert [event["outcome"] for event in ran.events("judgement")] == ["fail"]
    steps = {(e["name"], e["status"]) for e in ran.events("step")}
    assert ("changemaker: health gate", "ok") in steps
    assert outcomes(ran) == {CANARY: "rolled back", **dict.fromkeys(OTHERS, "not started")}
    assert six.version(CANARY) == "2.1.0"
    assert {name: six.containers(name) for name in OTHERS} == before


def test_a_judgement_without_visitors_pauses_and_takes_an_answer(six: SixHosts) -> None:
    paused = six.rollout("v2.2.0-slow-burn", expect=7)
    run = paused.events("begin")[0]["run"]
    assert paused.events("waits")
    listed = six.fleet.invoke("run.list", "--json")
    states = {row["run"]: row["state"] for row in json.loads(listed.stdout)}
    assert states[run] == "paused"
    ended = six.fleet.invoke("run.resume", run, "--roll-back", "--json", expect=4)
    assert outcomes(ended) == {CANARY: "rolled back", **dict.fromkeys(OTHERS, "not started")}
    assert six.version(CANARY) == "2.1.0"


def test_a_migration_that_fails_half_way_leaves_data_and_old_code_serving(six: SixHosts) -> None:
    before = {name: six.containers(name) for name in EVERYONE}
    ran = six.rollout("v2.2.0-broken-migration", expect=None)
    assert ran.code in (3, 4)
    found = outcomes(ran)
    assert found.pop(CANARY) in ("failed", "rolled back")
    assert found == dict.fromkeys(OTHERS, "not started")
    assert {name: six.containers(name) for name in EVERYONE} == before
    (recap,) = ran.events("recap")
    assert "P3018" in "\n".join(recap["hosts"][CANARY]["output"])
    answer = six.fleet.on(
        CANARY, f"curl -sS -H 'Host: {six.domain(CANARY)}' http://127.0.0.1/api/campaigns"
    )
    assert json.loads(answer)
    assert six.version(CANARY) == "2.1.0"
