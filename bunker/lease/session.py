"""One host's keeper: the `ssh` session in which the host holds its lease for us."""

import json
import os
import shlex
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import Final, Literal

from bunker.answers import UnreadableAnswer, record
from bunker.errors import BunkerError
from bunker.host_keys import Unreachable
from bunker.lease.holder import LeaseHolder
from bunker.openssh import start
from bunker.remote import SSH_FAILED, Remote
from bunker.shell import CLEAN_ENVIRONMENT, RUN_DIRECTORY, STATE_DIRECTORY, script_file

_KEEPER: Final = Path(__file__).parent / "keeper.sh"
_REFUSED: Final = b'{"lease": "refused"'
_LONGEST_LINE: Final = 65_536
_READS: Final = 8

State = Literal["asking", "held", "refused", "yielded", "released", "lost", "unreachable"]
"""``asking``: no answer yet. ``yielded``: given back for now. The last three are for good."""


def keeper_script(
    *,
    run: str,
    owner: str,
    purpose: str,
    beat_seconds: int,
    maintenance_seconds: int | None = None,
) -> str:
    """The keeper of one host, for bash; every text of it is unique to one session."""
    values = {
        "RUN_DIRECTORY": RUN_DIRECTORY,
        "STATE_DIRECTORY": STATE_DIRECTORY,
        "TOKEN": uuid.uuid4().hex,
        "BEAT": beat_seconds,
        "MAINTENANCE": "" if maintenance_seconds is None else maintenance_seconds,
        "RUN": run,
        "OWNER": json.dumps(owner, ensure_ascii=False),
        "PURPOSE": json.dumps(purpose, ensure_ascii=False),
    }
    lines = [f"{name}={shlex.quote(str(value))}" for name, value in values.items()]
    return "\n".join([*lines, script_file(_KEEPER)])


class KeeperSession:
    """A keeper and what it last said. Not for several threads at once; its owner locks."""

    def __init__(self, remote: Remote, script: str) -> None:
        self.remote = remote
        self.host = remote.host.name
        self.state: State = "asking"
        self.holder: LeaseHolder | None = None
        self.error: Unreachable | None = None
        self.heads: list[bool] = []
        """Answers to ``head`` lines that were not taken yet."""
        self._rest = b""
        self._beat_sent: float | None = None
        self.confirmed = time.monotonic()
        """When the beat that was last answered left here: the lease lives on from then."""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the session
        command = remote.command(
            ["sudo", "-n", "--", *CLEAN_ENVIRONMENT.split(), "bash", "-c", script]
        )
        try:
            # Ctrl-C is for the run, which gives its leases back when it is done.
            self._process = start(command, stderr=self._stderr, apart=True)
        except BunkerError:
            self._stderr.close()
            raise
        assert self._process.stdin is not None  # noqa: S101 - asked for a pipe above
        assert self._process.stdout is not None  # noqa: S101
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        # A connection that hangs must not stop the hearts of the others.
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)

    def fileno(self) -> int:
        """What to wait on for the keeper's next line."""
        return self._stdout.fileno()

    @property
    def over(self) -> bool:
        """Whether nothing more will come of this session."""
        return self.state in ("released", "lost", "unreachable")

    def send(self, line: str) -> bool:
        """Give the keeper one line; False where the connection cannot take it."""
        data = line.encode() + b"\n"
        try:
            return os.write(self._stdin.fileno(), data) == len(data)
        except (OSError, ValueError):
            return False

    def beat(self) -> None:
        """Renew the lease, or keep the session of a refused one alive."""
        now = time.monotonic()
        # A second beat may leave before the first is answered: the older one counts.
        if self.send("beat") and self._beat_sent is None:
            self._beat_sent = now

    def receive(self) -> None:
        """Take in what the keeper said; its end makes the session lost or unreachable."""
        # A host that never stops talking must not keep the others waiting: it is heard again.
        for _ in range(_READS):
            try:
                data = os.read(self._stdout.fileno(), 65_536)
            except BlockingIOError:
                return
            if not data:
                self._ended()
                return
            *lines, rest = (self._rest + data).split(b"\n")
            self._rest = rest[:_LONGEST_LINE]
            for line in lines:
                self._heard(line)

    def _heard(self, line: bytes) -> None:
        try:
            said = record(line.decode(errors="replace"), "what the keeper said")
        except UnreadableAnswer:
            # The words of a damaged lease do not make it free. All else: such as a banner.
            if not line.startswith(_REFUSED):
                return
            said = {"lease": "refused"}
        lease = said.get("lease")
        if "head" in said:
            self.heads.append(said["head"] == "kept")
        if lease in ("held", "refused", "yielded"):
            self.confirmed = time.monotonic()
        if lease == "held":
            self.state, self.holder = "held", None
        elif lease == "refused":
            self.state, self.holder = "refused", LeaseHolder.of(self.host, said)
        elif lease in ("renewed", "none"):
            self.confirmed = self._beat_sent or self.confirmed
            self._beat_sent = None
        elif lease in ("yielded", "released", "lost"):
            self.state = lease

    def _ended(self) -> None:
        if not self.over:
            self._lose(self._why())

    def _lose(self, error: Unreachable) -> None:
        self.state = "lost" if self.state == "held" else "unreachable"
        self.error = error

    def _why(self) -> Unreachable:
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            code = SSH_FAILED
        self._stderr.seek(0)
        said = self._stderr.read().decode(errors="replace")
        if code == SSH_FAILED:
            return self.remote.unreachable(said)
        last = (said.strip().splitlines() or ["it said nothing"])[-1].strip()
        return Unreachable(
            f"the host could not keep a lease: {last}",
            where=self.host,
            remedy=f"Look at it with: invoke ssh --host {self.host}",
        )

    def fell_silent(self, problem: str) -> None:
        """Give the session up: its keeper is not heard any more."""
        if not self.over:
            self._lose(Unreachable(problem, where=self.host))
        self._process.kill()

    def hang_up(self) -> None:
        """No more lines for the keeper; it gives up its lease and ends."""
        self._stdin.close()

    def close(self, timeout: float) -> None:
        """End the session, at the latest after ``timeout`` seconds."""
        self._stdin.close()
        try:
            self._process.wait(timeout=max(0.0, timeout))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()
        self._stderr.close()
