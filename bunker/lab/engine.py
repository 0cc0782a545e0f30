"""The one owner of the ``docker`` command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from functools import cached_property
from typing import IO, Any

from bunker.errors import BunkerError


class EngineError(BunkerError):
    """The engine refused; the message ends with its own words."""


class Engine:
    """Runs ``docker`` commands. Arguments never carry secrets: those go through standard input."""

    def __init__(self, executable: str = "docker") -> None:
        self._executable = executable
        # The classic builder works with every engine of the supported distributions, with and
        # without buildx; BuildKit would ask an http registry over https.
        self._environment = {**os.environ, "DOCKER_BUILDKIT": "0", "DOCKER_CLI_HINTS": "false"}

    def command(self, *arguments: str) -> list[str]:
        """The argument list of a docker command, for those who run it themselves."""
        return [self._executable, *arguments]

    def attempt(
        self,
        *arguments: str,
        input: bytes | IO[bytes] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a docker command and give its result, whatever its exit code."""
        stream = None if isinstance(input, bytes) or input is None else input
        try:
            return subprocess.run(
                self.command(*arguments),
                input=input if isinstance(input, bytes) else None,
                stdin=stream if stream else (None if input else subprocess.DEVNULL),
                capture_output=True,
                timeout=timeout,
                env=self._environment,
                check=False,
            )
        except FileNotFoundError:
            raise EngineError(
                "the docker command is not installed", remedy="Install it: apt install docker.io"
            ) from None
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"docker {' '.join(arguments[:2])} gave no answer within {timeout:.0f} s",
                remedy="Look at the engine's log",
            ) from None

    def run(
        self,
        *arguments: str,
        input: bytes | IO[bytes] | None = None,
        timeout: float = 120,
    ) -> str:
        """Run a docker command that must succeed; its standard output without outer space."""
        result = self.attempt(*arguments, input=input, timeout=timeout)
        if result.returncode != 0:
            said = (result.stderr or result.stdout).decode(errors="replace").strip().splitlines()
            raise EngineError(
                f"docker {' '.join(arguments[:2])} failed: {' / '.join(said[-4:]) or 'no output'}"
            )
        return result.stdout.decode(errors="replace").strip()

    def inspect(self, kind: str, names: Sequence[str]) -> list[dict[str, Any]]:
        """Details of those of the named objects that exist (container, image, network, volume)."""
        if not names:
            return []
        result = self.attempt(kind, "inspect", *names)
        text = result.stdout.decode(errors="replace").strip()
        if result.returncode != 0 and not text.startswith("["):
            raise EngineError(
                f"docker {kind} inspect failed: {result.stderr.decode(errors='replace').strip()}"
            )
        found: list[dict[str, Any]] = json.loads(text or "[]")
        return found

    def listed(self, kind: str, filters: Sequence[str]) -> list[str]:
        """Names (ids for containers) of the objects of a kind that match the filters."""
        if kind == "container":
            text = self.run("container", "ls", "--all", "--quiet", "--no-trunc", *filters)
        else:
            text = self.run(kind, "ls", "--quiet", *filters)
        return text.split()

    def exists(self, kind: str, name: str) -> bool:
        """Whether an object of that kind and name exists."""
        return bool(self.inspect(kind, [name]))

    def execute(
        self, container: str, *command: str, input: bytes | None = None, timeout: float = 60
    ) -> str:
        """Run a command in a container as root; its output. A BunkerError when it fails."""
        return self.run("exec", "--interactive", container, *command, input=input, timeout=timeout)

    def info(self, template: str) -> str:
        """One value of ``docker info``."""
        return self.run("info", "--format", template, timeout=20)

    @cached_property
    def cgroup_version(self) -> int:
        """1 or 2: which hierarchy the engine gives its containers."""
        text = self.info("{{.CgroupVersion}}")
        return int(text) if text.isdigit() else 1

    def answers(self) -> bool:
        """Whether an engine can be reached."""
        result = self.attempt("version", "--format", "{{.Server.Version}}", timeout=10)
        return result.returncode == 0 and bool(result.stdout.strip())
