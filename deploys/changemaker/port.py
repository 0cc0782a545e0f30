"""What the rest of the program asks of a Changemaker instance. Pure."""

from pathlib import Path
from typing import Final

from bunker.application.environment import host_ports
from bunker.application.table import PUBLIC_KEYS
from bunker.applications.question import Question
from bunker.canary_analysis.sample import DURATIONS, REQUESTS
from bunker.fleet.models import Host
from bunker.shell import script_file, with_variables

_SCRIPTS: Final = Path(__file__).parent / "scripts"
_BY_THE_DATABASE: Final = (
    "prepare the rollback",
    "database and cache",
    "migrate",
    "seed where empty",
)
LOGS_OF_STEPS: Final = dict.fromkeys(_BY_THE_DATABASE, "v2-postgres") | dict.fromkeys(
    ("bring up services", "health gate", "settle"), "api"
)
"""By the title of a step: whose log tells more where it failed."""


def question(_host: Host) -> Question:
    """The API is asked through nginx, as a visitor's browser would."""
    return Question(
        script_file(_SCRIPTS / "front_door.sh"),
        subject="the API",
        shown="GET /api/health",
        through=" through nginx",
        below=201,
        service="api",
    )


def findings(_host: Host) -> str:
    """The script that tells migrations that failed half-way, a line ``migration NAME`` each."""
    return script_file(_SCRIPTS / "findings.sh")


def metrics(host: Host) -> str:
    """The script that reads the API's own counters."""
    return with_variables(
        script_file(_SCRIPTS / "metrics.sh"),
        PROJECT=host.application.project,
        DIRECTORY=host.application.directory,
        WANTED=f"{REQUESTS}|{DURATIONS}",
    )


def public_keys(_host: Host) -> frozenset[str]:
    """Those of the environment table that are no secrets."""
    return PUBLIC_KEYS


def published_ports(_host: Host) -> tuple[int, ...]:
    """Those that may be reached from outside."""
    return (80, 443)


def ports(host: Host) -> dict[int, str]:
    """Those of all services that are on, by the keys of its environment."""
    found: dict[int, str] = {}
    for key, value in host_ports(host).items():
        if value.isdecimal():
            found.setdefault(int(value), f"environment.{key}")
    return found
