"""The Docker engine, spoken to through Docker's SDK; what it refuses is one sentence."""

import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from subprocess import CompletedProcess
from typing import Any

import docker
import requests
from docker.errors import DockerException
from docker.utils import kwargs_from_env
from urllib3.exceptions import HTTPError

from bunker.errors import BunkerError
from bunker.lab import wait

PROBE_SECONDS = 10
ANSWER_SECONDS = 300
"""How long the engine may say nothing, unless a call says otherwise."""
ENDED_SECONDS = 10
HEADER = struct.Struct(">B3xI")
"""Before each piece of a command's output: 1 for stdout or 2 for stderr, and how long it is."""


class EngineError(BunkerError):
    """The engine refused, with its own words at the end, or gave no answer."""


class AbsentError(EngineError):
    """The engine has nothing of that name."""


class Engine(docker.APIClient):
    """The engine's own calls, by the SDK's names; each raises an EngineError when it fails.

    Making one asks for the engine's version: an EngineError where none answers.
    """

    def __init__(self) -> None:
        try:
            super().__init__(timeout=PROBE_SECONDS, **kwargs_from_env())
        except DockerException as error:
            raise EngineError(f"no Docker engine answers: {error}") from None
        self.timeout = ANSWER_SECONDS

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Every call of the SDK comes through here."""
        try:
            response = super().send(request, **options)
        except requests.Timeout:
            raise _silent(options.get("timeout")) from None
        except requests.RequestException as error:
            raise EngineError(f"the Docker engine cannot be reached: {error}") from None
        if not response.ok:
            try:
                said = str(response.json()["message"])
            except (ValueError, KeyError, TypeError):
                said = response.text or f"status {response.status_code}"
            kind = AbsentError if response.status_code == requests.codes.not_found else EngineError
            raise kind(f"the Docker engine refused: {' / '.join(said.split(chr(10)))}")
        return response

    def attempt(self, container: str, *command: str, seconds: int = 60) -> CompletedProcess[str]:
        """Run a command in a container as root; its exit code and output, whatever they are.

        124 is the code of one that took longer, 125 of one that the engine did not run.
        """
        limited = ["timeout", "--kill-after=5", str(seconds), *command]
        try:
            started = self.exec_create(container, limited)["Id"]
            out, err = self._output(started, max(self.timeout, seconds + ENDED_SECONDS))
            code = wait.until(
                lambda: self._exit_code(started),
                seconds=ENDED_SECONDS,
                what=f"the end of {command[0]} in {container}",
            )
        except EngineError as error:
            return CompletedProcess(command, 125, "", error.problem)
        texts = [output.decode(errors="replace") for output in (out, err)]
        return CompletedProcess(command, int(code), *texts)

    def execute(self, container: str, *command: str, seconds: int = 60) -> str:
        """Run a command in a container as root; its output. A BunkerError when it fails."""
        done = self.attempt(container, *command, seconds=seconds)
        if done.returncode:
            said = " / ".join((done.stderr or done.stdout).strip().splitlines()[-4:])
            raise EngineError(f"{command[0]} in {container} failed: {said or done.returncode}")
        return done.stdout.strip()

    def remove(self, container: str) -> None:
        """Remove a container with its unnamed volumes, in whatever state, where it is there."""
        with suppress(AbsentError):
            self.remove_container(container, v=True, force=True)

    def drop_volume(self, volume: str) -> None:
        """Remove a volume, where it is there."""
        with suppress(AbsentError):
            self.remove_volume(volume)

    @cached_property
    def cgroup_version(self) -> int:
        """1 or 2: which hierarchy the engine gives its containers."""
        return int(self.info().get("CgroupVersion") or 1)

    def _output(self, identifier: str, seconds: int) -> tuple[bytes, bytes]:
        """What a command prints until it ends, by stream.

        The SDK's own call reads the connection past its response's buffer, so that it loses what
        came in one packet with the headers: all that a quick command prints.
        """
        address = f"{self.base_url}/v{self.api_version}/exec/{identifier}/start"
        body = self.post(address, json={"Detach": False, "Tty": False}, timeout=seconds).content
        streams: dict[int, list[bytes]] = {1: [], 2: []}
        at = 0
        while at + HEADER.size <= len(body):
            stream, size = HEADER.unpack_from(body, at)
            at += HEADER.size
            streams.setdefault(stream, []).append(body[at : at + size])
            at += size
        return b"".join(streams[1]), b"".join(streams[2])

    def _exit_code(self, identifier: str) -> str | None:
        state = self.exec_inspect(identifier)
        return None if state["Running"] else str(state["ExitCode"])


def seen(inspect: Callable[[str], Any], name: str) -> dict[str, Any] | None:
    """What one of the engine's ``inspect_...`` calls tells of a thing, None where it is absent."""
    try:
        found: dict[str, Any] = inspect(name)
    except AbsentError:
        return None
    return found


def follow(what: str, events: Iterable[dict[str, Any]]) -> None:
    """Wait for the end of a long work that the engine tells about, an EngineError if it fails."""
    said: list[str] = []
    try:
        for event in events:
            said += str(event.get("error") or event.get("stream") or "").strip().splitlines()
            if "error" in event:
                raise EngineError(f"{what} failed: {' / '.join(said[-4:]) or 'no output'}")
    except (HTTPError, requests.RequestException):
        raise _silent(ANSWER_SECONDS) from None


def _silent(seconds: object) -> EngineError:
    return EngineError(
        f"the Docker engine gave no answer within {seconds} s", remedy="Look at the engine's log"
    )
