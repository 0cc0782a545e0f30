"""Where metrics come from: the instances' own /metrics, asked on each host itself over SSH."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.parser import text_string_to_metric_families

from bunker.answers import UnreadableAnswer, sections
from bunker.applications.of_host import port_of
from bunker.canary_analysis.sample import DURATIONS, REQUESTS, Sample
from bunker.fleet import Fleet
from bunker.fleet.models import Host
from bunker.host_keys import Unreachable
from bunker.remote import Remote, run_many
from bunker.role import named

TIMEOUT_SECONDS = 30


def sample_hosts(fleet: Fleet, hosts: Sequence[Host]) -> tuple[dict[str, Sample], dict[str, str]]:
    """What these hosts say now, by name, and why others have nothing to say: one command per host.

    One that does not answer is missing, never zero. An API may count its health checks: then one
    without visitors answers a few in a minute.
    """
    samples, problems = {}, {}
    remotes = [Remote.of(fleet, host) for host in hosts]
    answers = run_many(remotes, script_for, timeout=TIMEOUT_SECONDS, sudo=True)
    for name, answer in answers.items():
        if isinstance(answer, Unreachable):
            problems[name] = answer.problem
        elif not answer.ok:
            last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
            problems[name] = f"its API gave no metrics: {last}"
        else:
            try:
                samples[name] = read_sample(answer.stdout)
            except UnreadableAnswer as problem:
                problems[name] = f"its metrics cannot be read: {problem}"
    return samples, problems


def script_for(host: Host) -> str:
    """The question to one host, which has an application with metrics."""
    script: str = named(port_of(host).metrics)(host)
    return script


def read_sample(answer: str) -> Sample:
    """A host's answer as a sample. Raises UnreadableAnswer, also where it is cut off."""
    found = sections(answer.splitlines())
    time, _, process = "".join(found.get("process", ())).partition(" ")
    requests: dict[str, float] = {}
    buckets: dict[float, float] = {}
    for name, labels, value in _series("\n".join(found.get("metrics", ())) + "\n"):
        if not math.isfinite(value) or value < 0:
            raise UnreadableAnswer(f"{name} has a value that no counter has")
        if name == REQUESTS:
            code = labels.get("status_code", "")
            requests[code] = requests.get(code, 0.0) + value
        elif name == DURATIONS:
            bound = _bound(labels.get("le", ""))
            buckets[bound] = buckets.get(bound, 0.0) + value
    if not requests:
        raise UnreadableAnswer(f"there is no {REQUESTS}")
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", time):
        raise UnreadableAnswer("the host's clock gave no time")
    return Sample(float(time), requests, buckets, process.strip())


def _series(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Name, labels and value of every line; what is not understood is an error."""
    try:
        for family in text_string_to_metric_families(text):
            yield from ((found.name, found.labels, found.value) for found in family.samples)
    except (ValueError, LookupError):
        raise UnreadableAnswer("they are not in Prometheus' text format") from None


def _bound(text: str) -> float:
    try:
        bound = float(text)
    except ValueError:
        bound = math.nan
    if math.isnan(bound):
        raise UnreadableAnswer(f"{DURATIONS} has a bound that is no number")
    return bound
