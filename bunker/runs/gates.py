"""Whether a run may go on: still healthy, metrics within limits, window still open."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bunker.applications.of_host import applications_of
from bunker.canary_analysis import Sample, Window, analyse, sample_hosts, window
from bunker.errors import BunkerError
from bunker.events import Analysis
from bunker.fleet import Fleet, Host
from bunker.fleet.settings import load_settings
from bunker.runs.context import RunContext
from bunker.runs.kinds import kind_of
from bunker.runs.policies import check_windows
from bunker.workflows.status import collect_status


def unhealthy(context: RunContext, names: Sequence[str]) -> str:
    """Why hosts that were changed are not healthy any more, or nothing."""
    fleet, hosts = _hosts(context, names)
    found = collect_status(fleet, hosts)
    unknown = [str(fleet.fault(name)) for name in names if name in fleet.broken]
    bad = unknown + [
        f"{status.host} is {status.overall.state} ({'; '.join(status.overall.reasons)})"
        for status in found
        if not status.overall.healthy
    ]
    return "; ".join(bad)


def take_samples(context: RunContext) -> dict[str, Any]:
    """The metrics of every host of the run that answers, as plain data by host."""
    fleet, hosts = _hosts(context, context.request.hosts)
    samples, _ = sample_hosts(fleet, _counting(context, hosts))
    return {host: sample.to_json() for host, sample in samples.items()}


def analyse_batch(
    context: RunContext,
    fresh: Sequence[str],
    before: Mapping[str, Any],
    first: Mapping[str, Any],
) -> Analysis:
    """Health first, then the metrics since the change against the hosts' own past and their peers.

    ``before`` was sampled before the change, ``first`` right after it.
    """
    if reason := unhealthy(context, fresh):
        return Analysis(outcome="fail", reasons=(reason,))
    request = context.request
    fleet, hosts = _hosts(context, request.hosts)
    running = _counting(context, hosts)
    fresh = [host.name for host in running if host.name in fresh]
    if not (request.pace.analysed and fresh):
        return Analysis(outcome="pass")
    now, _ = sample_hosts(fleet, running)
    earlier = {host: Sample.from_json(data) for host, data in before.items()}
    begun = {host: Sample.from_json(data) for host, data in first.items()}

    def since(start: Mapping[str, Sample], host: str) -> Window | None:
        return window(start[host], now[host]) if host in start and host in now else None

    canary = {host: since(begun, host) for host in fresh}
    past = {host: earlier[host].whole() if host in earlier else None for host in fresh}
    peers = {
        host: found
        for host in request.hosts
        if host not in fresh and (found := since(begun, host)) is not None
    }
    limits = load_settings(fleet.folder).rollout
    return Analysis.from_json(analyse(canary, past, peers, limits).to_json())


def _counting(context: RunContext, hosts: Sequence[Host]) -> list[Host]:
    """Hosts with an application that has metrics, each as the one that the run is about sees it."""
    kind, arguments = kind_of(context.request)
    wanted = kind.work(arguments).application
    found = [[one.host for one in applications_of(host) if one.port.metrics] for host in hosts]
    named = [[view for view in views if wanted in ("", view.application.name)] for views in found]
    return [views[0] for views in named if views]


def window_is_closed(context: RunContext) -> str:
    """The sentence of a group's closed window, or nothing."""
    fleet, hosts = _hosts(context, context.request.hosts)
    try:
        check_windows(kind_of(context.request)[0], fleet, [host.name for host in hosts])
    except BunkerError as error:
        return error.problem
    return ""


def _hosts(context: RunContext, names: Iterable[str]) -> tuple[Fleet, list[Host]]:
    """The fleet as its files are now, and those of these hosts that it still has."""
    fleet = context.load_fleet()
    return fleet, [fleet.hosts[name] for name in names if name in fleet.hosts]
