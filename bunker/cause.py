"""Why a step failed, by what it printed: the cause in words, and the commands that help. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final

from bunker.application.layout import MAIN, prefix_of
from bunker.causes import CAUSES, Cause, Words

UNKNOWN: Final = {
    "error": "no reason given",
    "holder": "another program",
    "server": "a server that it fetches from",
    "name": "of a server",
}
"""What stands in a sentence for a part that the output does not say."""
PORTS: Final = {"https": "443", "http": "80", "ssh": "22"}
SAFE: Final = re.compile(r"/?\w[\w.-]*(?:/\w[\w.-]*)*")
"""What may stand in a command that an operator copies: it comes from another program's output."""
FETCHING: Final = frozenset(
    {"source", "fetch the code", "pull and build images", "packages", "docker"}
)
"""Titles of the steps that fetch something."""
OF_APPLICATIONS: Final = frozenset({"fetch the code", "pull and build images"})
"""Those of them that are an application's, whose name stands before."""
OF_CONTAINERS: Final = "\n--- "
"""What stands behind it are the logs of containers: they say why those failed, not the step."""


@dataclass(frozen=True)
class Where:
    """Whose output it is: ``who`` ran it, for the application of that name.

    ``server`` and ``port`` are what it spoke to, where that is known beforehand.
    """

    who: str = "the host"
    application: str = MAIN
    server: str = ""
    port: str = ""

    @property
    def words(self) -> dict[str, str]:
        """What the words of a cause stand for."""
        main = self.application == MAIN
        known = {"server": self.server, "port": self.port}
        return {
            "who": self.who,
            "settings": "application" if main else f"applications.{self.application}",
            "prefix": prefix_of(self.application),
            **{key: value for key, value in known.items() if SAFE.fullmatch(value)},
        }


@dataclass(frozen=True)
class Found:
    """A cause in an output, in words."""

    cause: Cause
    sentence: str
    steps: tuple[Words, ...] = ()


def find_cause(output: str, step: str = "", where: Where | None = None) -> Found | None:
    """The cause that the output of a step shows, if it is one of the known ones."""
    application, _, title = step.partition(": ")
    where = where or Where(application=application if title in OF_APPLICATIONS else MAIN)
    said = f"\n{output}".partition(OF_CONTAINERS)[0]
    for cause in CAUSES:
        if cause.fetching and step and title not in FETCHING:
            continue
        if match := cause.pattern.search(said):
            return _found(cause, _parts(match), where)
    return None


def own_words(output: str) -> str:
    """What the step itself said before it showed the logs of containers; empty where it did not."""
    said, marked, _ = f"\n{output}".partition(OF_CONTAINERS)
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1].strip() if marked and lines else ""


def _parts(match: re.Match[str]) -> dict[str, str]:
    """What the pattern found, by name: ``port1`` is the ``port`` of another alternative."""
    found = {key.rstrip("0123456789"): value for key, value in match.groupdict().items() if value}
    if "port" in match.groupdict() and "server" in found and "port" not in found:
        found["port"] = PORTS["https" if "https:" in match[0] else "ssh"]
    return found


def _found(cause: Cause, parts: Mapping[str, str], where: Where) -> Found:
    known = {**where.words, **{key: value for key, value in parts.items() if SAFE.fullmatch(value)}}
    steps = [step for step in cause.steps if all(_names(word) <= known.keys() for word in step)]
    return Found(
        cause,
        cause.sentence.format(**{**UNKNOWN, **where.words, **parts}),
        tuple(tuple(word.format(**known) for word in step) for step in steps),
    )


def commands_here(found: Found, host: str) -> list[str]:
    """The same steps for a failure of this machine: what is looked at there is looked at here."""
    commands = []
    for task, *words in found.steps:
        if task == "secrets.set":
            commands.append(" ".join(["invoke", task, "--host", host, *words]))
        elif task == "ssh" and words:
            commands.append(words[-1].strip("'"))
    return commands


def _names(text: str) -> set[str]:
    """The groups that a text names."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}
