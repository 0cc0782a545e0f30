"""What to look at after a failed step: by what it printed, else by what the step is about."""

import re
from collections.abc import Sequence
from typing import Final

from bunker.application.layout import MAIN
from bunker.cause import find_cause
from bunker.causes import Words
from bunker.role import named
from deploys.roles import KINDS, TAGS

_LOGS_OF_STEP: Final[dict[str, Words]] = {
    "docker: docker": ("ssh", "--command", "'sudo journalctl -u docker -n 50 --no-pager'"),
    # Its log says more of our own logins than of what is wrong with its files.
    "base: sshd": (
        *("ssh", "--command"),
        "'sudo sshd -t && echo its files are valid; sudo systemctl status ssh --no-pager'",
    ),
    "base: fail2ban": ("ssh", "--command", "'sudo journalctl -u fail2ban -n 50 --no-pager'"),
}

_BEFORE_THE_SWITCH: Final = frozenset(
    {
        "source",
        "fetch the code",
        "pull and build images",
        "prepare the rollback",
        "start the availability probe",
    }
)
_ONCE_IT_RUNS: Final = frozenset({"bring up services", "health gate", "settle"})
"""Titles of an application's steps."""


def looks(step: str, output: str) -> list[Words]:
    """The commands that show why a step failed; none where its own output is all there is."""
    application, _, title = step.partition(": ")
    chosen = application_of_step(step)
    if found := find_cause(output, step):
        about = ("logs", "schema.resolve")
        return [(task, *(chosen if task in about else ()), *words) for task, *words in found.steps]
    services = failing_services(output)
    if services:
        return [("logs", *chosen, "--service", service) for service in services]
    main = KINDS[MAIN].port if application == MAIN else None
    if main and (service := named(main.logs_of_steps).get(title)):
        return [("logs", "--service", service)]
    if step in _LOGS_OF_STEP:
        return [_LOGS_OF_STEP[step]]
    return [("logs", *chosen)] if title in _ONCE_IT_RUNS and application != "os" else []


def application_of_step(step: str) -> Words:
    """The options that choose the application whose step it is; none for that of the short form."""
    name = step.partition(": ")[0]
    return ("--app", name) if name and name not in (MAIN, "os", *TAGS) else ()


def same_again(step: str, output: str) -> bool:
    """Whether the same version may well succeed: it never came to run, or was not the cause."""
    found = find_cause(output, step)
    return found.cause.again if found else step.partition(": ")[2] in _BEFORE_THE_SWITCH


def failing_services(output: str) -> Sequence[str]:
    """Services whose containers a failed step's output shows, in its order (at most three).

    The gate writes ``--- SERVICE (CONTAINER) is STATE`` before a container's last log lines.
    """
    found = re.findall(r"^--- ([\w.-]+) \(\S+\) is ", output, re.MULTILINE)
    return list(dict.fromkeys(found))[:3]
