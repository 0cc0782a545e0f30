"""Several instances on an upgrade day: a canary first, batches after it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from bunker.masking import Secret
from bunker.notify import store_secret
from tests.lab.fleet_under_test import FleetUnderTest, Ran
from tests.unit.notify.stand_ins import GotifyStandIn

CANARY = "amber"
OTHERS = ("birch", "cedar", "dune", "elm", "fjord")
CRAMPED = {"health_timeout_seconds": 60, "quiet_seconds": 2}

RUNNING = """
curl -sS -H 'Host: {domain}' http://127.0.0.1/api/health
echo
docker ps --no-trunc --format '{{{{.Label "com.docker.compose.service"}}}} {{{{.ID}}}}' | sort
"""
# Visitors of the canary: health checks say nothing of what people see, so they ask for campaigns.
VISITORS = """
systemctl stop visitors 2>/dev/null || true
systemd-run --quiet --unit=visitors --collect --property=StandardOutput=null \
  curl -s --rate 20/s --max-time 5 -H "Host: {domain}" \
  "http://127.0.0.1/api/campaigns?visit=[1-99999]"
"""


class UpgradeDay:
    """The fleet with deployed instances in the group ``day``; the first is the canary.

    The others come in two batches, the first of them as large as it can be.
    """

    def __init__(self, fleet: FleetUnderTest, size: int) -> None:
        self.fleet = fleet
        self.others = OTHERS[: size - 1]
        self.everyone = (CANARY, *self.others)
        self.batch = size // 2
        fleet.remove("north")
        for name in self.everyone:
            fleet.deployed_as(name)
            original = fleet.original(name)
            fleet.configure(
                name,
                {
                    **original,
                    "groups": ["changemaker", "day", *(["canary"] if name == CANARY else [])],
                    "application": {**original["application"], **CRAMPED},
                    "environment": {"RATE_LIMIT_MAX": "1000000"},
                },
            )
        for name in self.everyone:
            fleet.settled(name)

    def __enter__(self) -> UpgradeDay:
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.everyone:
            self.fleet.remove(name)

    def _words(self, ref: str, soak: str) -> tuple[str, ...]:
        batch = str(self.batch)
        return ("rollout", "--group", "day", "--ref", ref, "--batch", batch, "--soak", soak)

    def rollout(self, ref: str, *more: str, soak: str = "1s", expect: int | None = 0) -> Ran:
        """`invoke rollout` of the whole group."""
        words = (*self._words(ref, soak), "--yes", "--json", *more)
        return self.fleet.invoke(*words, expect=expect, timeout=1500)

    def visited_rollout(self, ref: str, *, soak: str, expect: int) -> Ran:
        """A rollout whose canary has visitors from the moment on that its soak begins."""
        process = self.fleet.start(*self._words(ref, soak), "--yes", "--json")
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
        return {name: self.version(name) for name in self.everyone}

    @contextmanager
    def visitors(self) -> Iterator[None]:
        """Somebody uses the canary all the time."""
        self.fleet.on(CANARY, VISITORS.format(domain=self.domain(CANARY)))
        try:
            yield
        finally:
            self.fleet.on(CANARY, "systemctl stop visitors", check=False)


def outcomes(ran: Ran) -> dict[str, str]:
    """Every host's outcome from a run's recap."""
    (recap,) = ran.events("recap")
    return {name: found["outcome"] for name, found in recap["hosts"].items()}


@contextmanager
def phone(day: UpgradeDay) -> Iterator[GotifyStandIn]:
    """A stand-in for a Gotify server that the fleet's settings name."""
    settings = day.fleet.folder / "fleet.settings.yaml"
    with GotifyStandIn() as server:
        settings.write_text(
            f"notifications: [{{kind: gotify, name: phone, url: {server.url!r},"
            " token_secret: PHONE_TOKEN}]\n"
        )
        with patch.dict(os.environ, day.fleet.environment):
            store_secret(
                day.fleet.folder, "PHONE_TOKEN", Secret(server.token), wanted=["PHONE_TOKEN"]
            )
        yield server
    settings.unlink()
