"""The one question that status and health ask a host, and reading its answer.

POSIX shell and what every Debian or Ubuntu brings; `docker` and `curl` are used where they are.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bunker.answers import MARK, MOST, UnreadableAnswer, decoded, decoded_text, sections, whole
from bunker.answers import line as one_line
from bunker.application.containers import Container, containers_function, read_containers
from bunker.application.generation import read_generation
from bunker.application.layout import app_folder, located
from bunker.applications.of_host import Application, applications_of
from bunker.applications.question import Question
from bunker.errors import BunkerError
from bunker.files import parse_json
from bunker.fleet.models import Host
from bunker.lease.holder import LeaseHolder, read_lease
from bunker.maintenance.maintenance import Maintenance, read_maintenance
from bunker.role import named
from bunker.workflows.health_answer import NOT_ASKED, Health
from deploys.roles import health_function

HEALTH_SECONDS = 5
HEALTH_BYTES = 20_000
BEGINS = f"{MARK} application "
APPS = app_folder("")

# PID 1's start and the clock since boot are both the machine's in a container too, so their
# difference is right on real servers and in containers; /proc/uptime alone is not.
HOST_SCRIPT = rf"""
echo '{MARK} uptime'
awk -v hz="$(getconf CLK_TCK)" '
  FNR == NR {{ now = $1; next }}
  {{ sub(/^.*\) /, ""); printf "%d\n", now - $20 / hz }}' /proc/uptime /proc/1/stat
echo '{MARK} disk'
df -P -k / | awk 'NR == 2 {{ print $3, $4 }}'
echo '{MARK} maintenance'
date +%s
[ ! -f /var/lib/bunker/maintenance.json ] || base64 < /var/lib/bunker/maintenance.json
echo '{MARK} lease'
date +%s
[ ! -f /run/bunker/lease.json ] || base64 < /run/bunker/lease.json
echo '{MARK} placed'
ls -A /var/lib/bunker/applied 2>/dev/null
echo '{MARK} known'
ls -A {APPS} 2>/dev/null
echo '{MARK} wrong'
roles_health
"""

APPLICATION_SCRIPT = rf"""
echo '{MARK} generation'
newest=$(ls -1 "$GENERATIONS"/*.json 2>/dev/null | tail -n 1)
[ -z "$newest" ] || base64 < "$newest" | tr -d '\n'
echo
echo '{MARK} applied'
[ ! -f "$APPLIED" ] || echo applied
echo '{MARK} halted'
head -n 1 "$UPGRADE/halted" 2>/dev/null
echo '{MARK} returns'
if [ -f "$UPGRADE/deadline" ] && [ ! -f "$UPGRADE/halted" ]; then
  echo $(( $(cat "$UPGRADE/deadline") - $(date +%s) ))
fi
echo '{MARK} checkout'
# Without git, which refuses to speak to root of a folder that another user owns.
if [ -d "$DIRECTORY/.git" ]; then
  head=$(cat "$DIRECTORY/.git/HEAD" 2>/dev/null)
  case "$head" in 'ref: '*) head=$(cat "$DIRECTORY/.git/${{head#ref: }}" 2>/dev/null) ;; esac
  echo "${{head:-empty}}"
fi
echo '{MARK} containers'
if command -v docker >/dev/null 2>&1; then
  instance_containers || echo '{MARK} engine-failed'
else
  echo '{MARK} no-engine'
fi
echo '{MARK} health'
front_door
if [ ! -f "$DIRECTORY/.env" ]; then
  echo absent
elif [ -z "$ADDRESS" ]; then
  echo nowhere
elif ! command -v curl >/dev/null 2>&1; then
  echo no-curl
else
  body=$(curl --silent --max-time {HEALTH_SECONDS} --header "$HEADER" \
    --write-out '\n%{{http_code}}' "$ADDRESS" \
    2>/dev/null </dev/null | tail -c {HEALTH_BYTES})
  code=$(printf '%s\n' "$body" | tail -n 1)
  printf '%s ' "$code"
  printf '%s\n' "$body" | sed '$d' | base64 | tr -d '\n'
  echo
fi
"""


@dataclass(frozen=True)
class Probe:
    """What one host said of itself. Sizes are bytes.

    ``applied``: the last deployment succeeded. ``checkout``: the commit that the checkout is at,
    empty where it has none, None where there is no checkout. ``lease``: who changes it now.
    ``failed_migrations``: names of those that failed half-way.
    ``placed``: whether anything was ever deployed. ``known``: applications that were.
    ``wrong``: what its roles' checks found. ``application``: whether one was asked for; a host with
    several has a probe for each.
    """

    uptime_seconds: int
    disk_used: int
    disk_free: int
    generation: Mapping[str, Any] | None = None
    engine: str = "absent"
    containers: tuple[Container, ...] = ()
    health: Health = NOT_ASKED
    installed: bool = False
    applied: bool = True
    checkout: str | None = None
    halted: str = ""
    returns_in: int | None = None
    failed_migrations: tuple[str, ...] = ()
    maintenance: Maintenance | None = None
    lease: LeaseHolder | None = None
    placed: bool = True
    known: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    application: bool = True

    @property
    def disk_percent(self) -> int:
        """How full the root file system is, of what may be used."""
        return round(100 * self.disk_used / max(1, self.disk_used + self.disk_free))


def script_for(host: Host) -> str:
    """The question for one host and each of its applications."""
    applications = applications_of(host)
    script = health_function(host) + HOST_SCRIPT
    script += containers_function() if applications else ""
    for one in applications:
        variables = {
            "DIRECTORY": one.settings.directory,
            "PROJECT": one.settings.project,
            "DOMAIN": one.host.domain,
        }
        assigned = "".join(f"{k}={shlex.quote(v)}\n" for k, v in variables.items())
        script += f"echo '{BEGINS}{one.name}'\n(\n{assigned}{located(one.name)}"
        script += f"{question_of(one).script}{APPLICATION_SCRIPT}{_findings(one)})\n"
    return f"{script}echo '{MARK} end'\n"


def _findings(one: Application) -> str:
    """What its kind has to find out besides, where it has anything."""
    script = named(one.port.findings)(one.host) if one.port.findings else ""
    return f"echo '{MARK} findings'\n{script}" if script else ""


def question_of(application: Application) -> Question:
    """How an application is asked for its health."""
    question: Question = named(application.port.question)(application.host)
    return question


def read_probes(host: Host, output: str) -> dict[str, Probe]:
    """The answer by application, or one without a name; BunkerError as for :func:`read_probe`."""
    applications = applications_of(host)
    if not applications:
        return {"": read_probe(host.name, output)}
    parts: dict[str, list[str]] = {"": []}
    name = ""
    for row in output.splitlines():
        name = row.removeprefix(BEGINS) if row.startswith(BEGINS) else name
        parts.setdefault(name, []).append(row)
    ended = f"{MARK} end" if f"{MARK} end" in parts[name] else ""
    return {
        one.name: read_probe(
            host.name,
            "\n".join([*parts[""], *parts.get(one.name, ()), ended]),
            question_of(one),
        )
        for one in applications
    }


def read_probe(host: str, output: str, question: Question | None = None) -> Probe:
    """The answer about a host, and about the application to which the question was put.

    Raises BunkerError where it was cut short or makes no sense.
    """
    try:
        found = sections(line for line in output.splitlines() if line.strip())
        used, _, free = found["disk"][0].strip().partition(" ")
        probe = Probe(
            uptime_seconds=max(0, whole(found["uptime"][0], "its uptime", least=-MOST)),
            disk_used=whole(used, "what is used of its disk") * 1024,
            disk_free=whole(free, "what is free on its disk") * 1024,
            maintenance=read_maintenance(found.get("maintenance", ())),
            lease=read_lease(host, found.get("lease", ())),
            placed=bool(found["placed"]),
            known=tuple(found.get("known", ())),
            wrong=tuple(found["wrong"]),
            application=question is not None,
        )
        if question is None:
            return probe
        engine = (
            "absent" if "no-engine" in found else "failed" if "engine-failed" in found else "ok"
        )
        health, installed = _health(host, found["health"][0], question)
        return replace(
            probe,
            generation=_generation(found["generation"]),
            engine=engine,
            containers=read_containers(found["containers"]) if engine == "ok" else (),
            health=health,
            installed=installed,
            applied=bool(found["applied"]),
            checkout=_checkout(found["checkout"]),
            halted=" ".join(found.get("halted", ())),
            returns_in=_returns(found.get("returns", ())),
            failed_migrations=_failed(found.get("findings", ())),
        )
    except (KeyError, IndexError, ValueError) as error:
        reason = f": {error}" if isinstance(error, UnreadableAnswer) else ""
        raise BunkerError(
            f"the host's answer was cut short or cannot be read{reason}",
            where=host,
            remedy=f"Look at it with: invoke ssh --host {host}",
        ) from None


def _generation(lines: list[str]) -> Mapping[str, Any] | None:
    if not lines:
        return None
    what = "the record of its generation"
    return read_generation(decoded_text(lines[0], what), what)


def _returns(lines: Sequence[str]) -> int | None:
    return whole(lines[0], "its deadline", least=-MOST) if lines else None


def _failed(lines: Sequence[str]) -> tuple[str, ...]:
    found = [line.partition(" ") for line in lines]
    return tuple(one_line(name, "a migration") for kind, _, name in found if kind == "migration")


def _checkout(lines: list[str]) -> str | None:
    if not lines:
        return None
    return lines[0] if re.fullmatch(r"[0-9a-f]{40,64}", lines[0]) else ""


def _health(host: str, line: str, question: Question) -> tuple[Health, bool]:
    """``CODE BASE64`` (000: no answer), or why nothing was asked; and if one is installed."""
    code, _, encoded = line.partition(" ")
    if code in ("absent", "no-curl", "nowhere"):
        asked = Health(None, question=question, expected=code != "nowhere")
        return asked, code != "absent"
    text = decoded(encoded, f"what {question.subject} says").decode(errors="replace")
    try:
        body = parse_json(text, host)
    except BunkerError:  # whatever else a web server says
        body = text.strip()[:500] or None
    status = whole(code, f"the status of {question.subject}", most=999)
    return Health(status, body, question), True
