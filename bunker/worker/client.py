"""The controller's side of a worker: start it, read its events, tell it to apply or to stop."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from bunker.errors import BunkerError
from bunker.events import Event, read_event
from bunker.masking import Redactor, Secret
from bunker.product import CODE, IS_CHECKOUT


class WorkerClient:
    """One worker process; the request with its secrets goes through a pipe, never a file."""

    def __init__(self, request: Mapping[str, Any], cwd: Path) -> None:
        # An installed program is found anyway, and its folder holds much that is not ours.
        path = {"PYTHONPATH": str(CODE)} if IS_CHECKOUT else {}
        environment = {**os.environ, **path, "PYTHONUNBUFFERED": "1"}
        self._request = request
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bunker.worker"],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            # Ctrl-C reaches only the controller, which stops the worker between two steps.
            start_new_session=True,
            text=True,
        )
        self._send(request)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=None if kind is None else 5)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._process.stdout:
            self._process.stdout.close()
        self._stderr.close()

    def events(self, until: str) -> Iterator[Event]:
        """Events up to and including the named one; a worker that dies early is an error."""
        assert self._process.stdout is not None  # noqa: S101 - asked for a pipe above
        for line in self._process.stdout:
            event = read_event(json.loads(line))
            yield event
            if event.event in (until, "done"):
                return
        raise BunkerError(
            f"the worker process ended unexpectedly{self._last_words()}",
            remedy="Run the same command again: it goes on from what each host says now",
        )

    def apply(self, hosts: list[str]) -> None:
        """Tell the worker to run the planned steps of these hosts."""
        self._send({"command": "apply", "hosts": hosts})

    def stop(self) -> None:
        """Every host finishes the step it is in, and starts no other."""
        self._send({"command": "stop"})

    def kill(self) -> None:
        """End the worker at once; commands that are under way on hosts are not waited for."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - asked for a pipe above
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise BunkerError(f"the worker process is gone{self._last_words()}") from None

    def _last_words(self) -> str:
        self._process.wait()
        self._stderr.seek(0)
        said = self._stderr.read().decode(errors="replace")
        values = (host.get("secrets", {}).values() for host in self._request.get("hosts", ()))
        redact = Redactor(Secret(value) for secrets in values for value in secrets)
        lines = redact(said).strip().splitlines()
        return f" ({lines[-1]})" if lines else ""
