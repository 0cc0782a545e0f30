"""A command that fails for a known cause, and the commands that it says to try: run as they are."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass, field
from typing import Any

from bunker.causes import CAUSES
from tests.lab.code_server import commit_of, commit_on
from tests.lab.fleet_under_test import FleetUnderTest, Ran

LOOKING = ("ssh", "logs")
"""Tasks that show something; the others lead on, in their order."""
RUNS = ("deploy", "configure", "upgrade")
SQUATTER = "systemd-run --quiet --unit=squatter --collect python3 -m http.server 8088"
"""Another program on the port of the project."""
COMPOSE = """\
services:
  web:
    image: nginx:alpine
    restart: unless-stopped
    ports: ["127.0.0.1:8088:80"]
    labels: {version: "VERSION"}
"""
WIKI: dict[str, Any] = {
    "kind": "compose",
    "files": ["wiki.yml"],
    "url": "http://127.0.0.1:8088/",
    "health_timeout_seconds": 20,
    "quiet_seconds": 1,
}


@dataclass
class Trouble:
    """What a failed command printed: the cause's sentence first, then what to try."""

    wiki: Wiki
    ran: Ran
    tries: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tries = re.findall(r"^  try: (.*)$", self.ran.stdout, re.MULTILINE)

    def look(self) -> str:
        """Run what shows something; what it shows."""
        chosen = [line for line in self.tries if shlex.split(line)[1] in LOOKING]
        return "".join(self.wiki.tried(line).text for line in chosen)

    def follow(self, given: str = "") -> Ran:
        """Run the others, in their order: each succeeds, the last is the command that failed.

        ``given`` is what a person has to know: the value of a secret.
        """
        others = [line for line in self.tries if shlex.split(line)[1] not in LOOKING]
        assert shlex.split(others[-1])[1] in RUNS, self.ran.text
        for line in others:
            done = self.wiki.tried(line, given)
            assert done.code == 0, f"{line} ended with {done.code}:\n{done.text}"
        return done


class Wiki:
    """A small Compose project on the host north, from the lab's git server, beside the instance."""

    def __init__(self, fleet: FleetUnderTest) -> None:
        self.fleet = fleet
        self.number = 0
        application = fleet.original("north")["application"]
        self.source = {key: application[key] for key in ("repository", "repository_host_keys")}
        self.commit()
        self.configure()
        fleet.invoke("deploy", "--host", "north", "--app", "wiki", "--yes")

    def configure(self, **changed: Any) -> None:
        """Its entry in the host's file as at first, but for these keys."""
        self.fleet.reset("north")
        entry = {**WIKI, **self.source, "ref": "wiki-1", **changed}
        self.fleet.configure("north", {"applications": {"wiki": entry}})

    def commit(self, more: str = "", branch: str = "") -> str:
        """A new version of it; its commit, which no host has yet."""
        self.number += 1
        branch = branch or f"wiki-{self.number}"
        text = COMPOSE.replace("VERSION", str(self.number)) + more
        commit_on(self.fleet, branch, {"wiki.yml": text})
        return commit_of(self.fleet, branch)

    def upgrade(self, ref: str, *more: str) -> tuple[str, ...]:
        return ("upgrade", "--host", "north", "--app", "wiki", "--ref", ref, "--no-pin", *more)

    def with_image(self, image: str) -> tuple[str, ...]:
        words = ("--set", f"services.web.image={image}", "--no-pin")
        return ("upgrade", "--host", "north", "--app", "wiki", *words)

    def fails(self, cause: str, said: str, *words: str) -> Trouble:
        """Run a command that ends with the host failed, for that cause and with that sentence."""
        assert cause in {one.name for one in CAUSES}
        ran = self.fleet.invoke(*words, "--yes", expect=3)
        (sentence,) = re.findall(r"^north failed: (.*)$", ran.stdout, re.MULTILINE)
        assert sentence.startswith(said), ran.text
        assert "not rolled back" not in ran.text, "nothing was begun"
        return Trouble(self, ran)

    def tried(self, line: str, given: str = "") -> Ran:
        """A printed command, as an operator types it who says yes to what it shows."""
        program, task, *words = shlex.split(line)
        assert program == "invoke"
        if task in RUNS:
            words.append("--yes")
        process = self.fleet.start(task, *words, given=subprocess.PIPE)
        stdout, stderr = process.communicate(given, timeout=300)
        return Ran(process.returncode, stdout, stderr)

    def runs(self) -> str:
        """The label of the version that runs."""
        show = "docker inspect --format '{{.Config.Labels.version}}' wiki-web-1"
        return self.fleet.on("north", show).strip()
