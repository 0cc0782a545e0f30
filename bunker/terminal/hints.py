"""What to look at after a failed step: by what it printed, else by what the step is about."""

import re
from collections.abc import Sequence
from typing import Final

from bunker.application.services import SERVICES

Words = tuple[str, ...]
"""A command of ours without `invoke`, the fleet and the host: the task, then its options."""

_CAUSES: Final[tuple[tuple[re.Pattern[str], Words], ...]] = (
    (
        re.compile(r"no space left on device|no room |disk quota exceeded", re.IGNORECASE),
        ("ssh", "--command", "'df -h; df -i; sudo docker system df'"),
    ),
    (
        re.compile(
            r"permission denied \(publickey|host key verification failed|authentication failed"
            r"|could not read (username|password)|repository .*not found",
            re.IGNORECASE,
        ),
        ("secrets.check",),
    ),
)
"""What a step printed, whatever step it was, and where that is looked into."""

_SERVICE_OF_STEP: Final = {
    "changemaker: prepare the rollback": "v2-postgres",
    "changemaker: database and cache": "v2-postgres",
    "changemaker: migrate": "v2-postgres",
    "changemaker: seed where empty": "v2-postgres",
    "changemaker: bring up services": "api",
    "changemaker: health gate": "api",
    "changemaker: settle": "api",
}
"""Whose log tells more, where no container is named in what the step printed."""

_LOGS_OF_STEP: Final[dict[str, Words]] = {
    "docker: docker": ("ssh", "--command", "'sudo journalctl -u docker -n 50 --no-pager'"),
    "base: sshd": ("ssh", "--command", "'sudo journalctl -u ssh -n 50 --no-pager'"),
    "base: fail2ban": ("ssh", "--command", "'sudo journalctl -u fail2ban -n 50 --no-pager'"),
}

_BEFORE_THE_SWITCH: Final = frozenset(
    {
        "changemaker: source",
        "changemaker: fetch the code",
        "changemaker: pull and build images",
        "changemaker: prepare the rollback",
        "changemaker: start the availability probe",
    }
)


def looks(step: str, output: str) -> list[Words]:
    """The commands that show why a step failed; none where its own output is all there is."""
    for pattern, words in _CAUSES:
        if pattern.search(output):
            return [words]
    services = failing_services(output)
    if not services and step in _SERVICE_OF_STEP:
        services = [_SERVICE_OF_STEP[step]]
    if services:
        return [("logs", "--service", service) for service in services]
    return [_LOGS_OF_STEP[step]] if step in _LOGS_OF_STEP else []


def same_again(step: str, output: str) -> bool:
    """Whether the same version may well succeed: it never came to run."""
    return step in _BEFORE_THE_SWITCH or any(pattern.search(output) for pattern, _ in _CAUSES)


def failing_services(output: str) -> Sequence[str]:
    """Services whose containers a failed step's output shows, in its order (at most three).

    The gate writes ``--- PROJECT-SERVICE-1 is STATE`` before a container's last log lines.
    """
    names = sorted((service.name for service in SERVICES), key=len, reverse=True)
    alternatives = "|".join(map(re.escape, names))
    pattern = rf"^--- \S*?[-_]({alternatives})[-_]\d+ is "
    return list(dict.fromkeys(re.findall(pattern, output, re.MULTILINE)))[:3]
