"""Where metrics come from: a small interface, and the instances' own /metrics over SSH."""

import math
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Protocol

from bunker.answers import MARK, UnreadableAnswer, sections
from bunker.canary_analysis.exposition import UnreadableMetrics, parse_metrics
from bunker.canary_analysis.sample import DURATIONS, REQUESTS, Sample
from bunker.fleet import Fleet
from bunker.fleet.models import Host
from bunker.host_keys import Unreachable
from bunker.remote import Remote, run_many

TIMEOUT_SECONDS = 30

# The container's id and start time tell one process from the next. Only the lines that are
# needed travel. `end` shows that nothing was cut off.
SCRIPT = rf"""
container=$(docker ps --filter label=com.docker.compose.project="$PROJECT" \
  --filter label=com.docker.compose.service=api \
  --filter label=com.docker.compose.oneoff=False --format '{{{{.ID}}}}' </dev/null |
  sort | tr '\n' ' ')
process=$(docker inspect --format '{{{{.Id}}}} {{{{.State.StartedAt}}}}' $container \
  2>/dev/null </dev/null | tr '\n' ' ')
port=$(sed -n 's/^API_PORT=//p' "$DIRECTORY/.env" | tail -n 1 | tr -cd '0-9')
body=$(curl --silent --show-error --fail --max-time 10 --max-filesize 4000000 \
  "http://127.0.0.1:${{port:-4000}}/metrics" </dev/null) || exit 1
echo '{MARK} process'; echo "$(date +%s.%N) $process"
echo '{MARK} metrics'
printf '%s\n' "$body" | grep -E '^({REQUESTS}|{DURATIONS})[{{ ]' || true
echo '{MARK} end'
"""


class MetricSource(Protocol):
    """Anything that can say how many requests and errors hosts had so far."""

    @property
    def problems(self) -> Mapping[str, str]:
        """By host: why the last ``sample`` has nothing of it."""

    def sample(self, hosts: Sequence[Host]) -> Mapping[str, Sample]:
        """What these hosts say now, by name. One that does not answer is missing, never zero."""


class InstanceMetrics:
    """The API's own /metrics, asked on each host itself over SSH, all hosts at once.

    An API may count its health checks: then one without visitors answers a few in a minute.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.problems: Mapping[str, str] = {}

    def sample(self, hosts: Sequence[Host]) -> Mapping[str, Sample]:
        """One command per host; see :class:`MetricSource`."""
        problems: dict[str, str] = {}
        remotes = [Remote.of(self.fleet, host) for host in hosts]
        found: dict[str, Sample] = {}
        for name, answer in run_many(
            remotes, script_for, timeout=TIMEOUT_SECONDS, sudo=True
        ).items():
            if isinstance(answer, Unreachable):
                problems[name] = answer.problem
            elif not answer.ok:
                last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
                problems[name] = f"its API gave no metrics: {last}"
            else:
                try:
                    found[name] = read_sample(answer.stdout)
                except UnreadableMetrics as problem:
                    problems[name] = f"its metrics cannot be read: {problem}"
        self.problems = problems
        return found


def script_for(host: Host) -> str:
    """The question to one host."""
    project = shlex.quote(host.application.project)
    return f"PROJECT={project}\nDIRECTORY={shlex.quote(host.application.directory)}\n{SCRIPT}"


def read_sample(answer: str) -> Sample:
    """A host's answer as a sample. Raises UnreadableMetrics, also where it is cut off."""
    try:
        found = sections(answer.splitlines())
    except UnreadableAnswer as problem:
        raise UnreadableMetrics(str(problem)) from None
    time, _, process = "".join(found.get("process", ())).partition(" ")
    requests: dict[str, float] = {}
    buckets: dict[float, float] = {}
    for series in parse_metrics("\n".join(found.get("metrics", ()))):
        if not math.isfinite(series.value) or series.value < 0:
            raise UnreadableMetrics(f"{series.name} has a value that no counter has")
        if series.name == REQUESTS:
            code = series.labels.get("status_code", "")
            requests[code] = requests.get(code, 0.0) + series.value
        elif series.name == DURATIONS:
            bound = _bound(series.labels.get("le", ""))
            buckets[bound] = buckets.get(bound, 0.0) + series.value
    if not requests:
        raise UnreadableMetrics(f"there is no {REQUESTS}")
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", time):
        raise UnreadableMetrics("the host's clock gave no time")
    return Sample(float(time), requests, buckets, process.strip())


def _bound(text: str) -> float:
    try:
        bound = float(text)
    except ValueError:
        bound = math.nan
    if math.isnan(bound):
        raise UnreadableMetrics(f"{DURATIONS} has a bound that is no number")
    return bound
