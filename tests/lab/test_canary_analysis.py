"""The metrics of a real instance, sampled over SSH, are enough to analyse it."""

from __future__ import annotations

import pytest

from bunker.canary_analysis import Sample, analyse, sample_hosts, window
from bunker.fleet import load_fleet
from bunker.fleet.settings import RolloutSettings
from tests.lab.fleet_under_test import NAME, FleetUnderTest

pytestmark = pytest.mark.lab

VISITS = """
port=$(sed -n 's/^API_PORT=//p' /opt/changemaker-lite/.env | tr -cd 0-9)
for i in $(seq 60); do
  curl --silent --output /dev/null --max-time 20 "http://127.0.0.1:$port/api/campaigns"
done
"""


def test_an_instance_is_analysed_by_its_own_metrics_and_is_inconclusive_without_them(
    north: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in north.environment.items():
        monkeypatch.setenv(name, value)
    fleet = load_fleet(north.root, NAME)
    hosts = [fleet.hosts["north"]]

    def sampled() -> Sample:
        samples, problems = sample_hosts(fleet, hosts)
        assert problems == {}
        return samples["north"]

    before = sampled()
    north.on("north", VISITS)
    after = sampled()
    assert before.process == after.process != ""
    watched = window(before, after)
    assert not watched.restarted
    assert watched.requests >= 60
    assert watched.timed >= 60
    assert watched.p95 is not None
    relaxed = RolloutSettings(max_latency_factor=1000)
    found = analyse({"north": watched}, {"north": before.whole()}, {}, relaxed)
    assert (found.outcome, found.hosts["north"].requests) == ("pass", watched.requests)

    north.on("north", "docker restart changemaker-lite-api-1")
    north.settled("north")
    assert window(after, sampled()).restarted

    north.on("north", "docker stop changemaker-lite-api-1")
    samples, problems = sample_hosts(fleet, hosts)
    assert samples == {}
    assert problems["north"].startswith("its API gave no metrics: curl: ")
    assert analyse({"north": None}, {}, {}, RolloutSettings()).outcome == "inconclusive"
