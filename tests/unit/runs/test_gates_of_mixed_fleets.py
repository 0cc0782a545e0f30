"""Gates ask each host what it has: metrics only of those with an application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.events import RunBatch
from bunker.fleet import Fleet
from bunker.fleet.models import Host
from bunker.journal.records import Pace, RunRequest
from bunker.runs import gates
from bunker.runs.context import RunContext
from bunker.runs.resume_state import ResumeState


def a_host(name: str, number: int, *groups: str, **more: Any) -> Host:
    data = {"name": name, "address": f"192.0.2.{number}", "domain": f"{name}.example.org"}
    return Host.model_validate({**data, "groups": groups, **more})


WIKI = {"wiki": {"kind": "compose", "folder": "wiki"}}
HOSTS = {
    "north": a_host(
        "north", 1, "changemaker", applications={**WIKI, "staging": {"kind": "changemaker"}}
    ),
    "plain": a_host("plain", 2, applications=WIKI),
}


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The hosts and applications of which metrics were asked; none has any."""
    asked: list[list[str]] = []

    def sample_hosts(_fleet: Any, hosts: list[Host]) -> tuple[dict[str, Any], dict[str, str]]:
        asked.append([f"{host.name} {host.application.name}" for host in hosts])
        return {}, {}

    fleet = Fleet("lab", Path("/nowhere"), HOSTS)
    monkeypatch.setattr(RunContext, "load_fleet", lambda _context: fleet)
    monkeypatch.setattr(gates, "sample_hosts", sample_hosts)
    monkeypatch.setattr(gates, "unhealthy", lambda *_: "")
    return asked


def context(**arguments: Any) -> RunContext:
    batch = RunBatch("canary", ("north", "plain"))
    request = RunRequest(
        *("r", "rollout", "lab", "me", "x", (batch,)),
        pace=Pace(analysed=True),
        arguments=arguments,
    )
    return RunContext(Path(), request, lambda _event: None, ResumeState())


def test_metrics_are_asked_of_the_application_that_the_run_is_about(
    sampled: list[list[str]],
) -> None:
    assert gates.take_samples(context(app="staging")) == {}
    assert sampled == [["north staging"]]
    assert gates.analyse_batch(context(app="wiki"), ["north"], {}, {}).outcome == "pass"


def test_metrics_are_asked_of_hosts_with_an_application(sampled: list[list[str]]) -> None:
    assert gates.take_samples(context()) == {}
    assert sampled == [["north changemaker"]]


def test_where_only_others_changed_their_health_is_all_there_is(sampled: list[list[str]]) -> None:
    assert gates.analyse_batch(context(), ["plain"], {}, {}).outcome == "pass"
    assert sampled == []
    assert gates.analyse_batch(context(), ["north", "plain"], {}, {}).outcome == "inconclusive"
    assert sampled == [["north changemaker"]]


def test_a_host_whose_file_broke_during_the_run_is_never_taken_for_healthy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = BunkerError("it holds git's conflict markers", where="north.yml:3")
    fleet = Fleet("lab", Path("/nowhere"), HOSTS).without({"north": fault})
    monkeypatch.setattr(RunContext, "load_fleet", lambda _context: fleet)
    monkeypatch.setattr(gates, "collect_status", lambda *_: [])
    assert "north.yml:3: it holds git's conflict markers" in gates.unhealthy(context(), ["north"])
    assert gates.analyse_batch(context(), ["north"], {}, {}).outcome == "fail"
