"""Leases on many hosts at once: taken together, kept alive by one thread, given back at the end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Self

from bunker.audit.who import operator
from bunker.errors import BunkerError
from bunker.host_keys import Unreachable
from bunker.lease.heart import Heart
from bunker.lease.holder import LeaseHolder
from bunker.lease.session import KeeperSession, keeper_script
from bunker.remote import Remote

HEARTBEAT_SECONDS: Final = 10
"""A lease lives for two heartbeats after the last one."""

RETRY_SECONDS: Final = 2.0
"""How often a host that is held by another run is asked again while we wait for it."""

ANSWER_SECONDS: Final = 45
"""A host that has neither given nor refused its lease by then counts as unreachable."""

_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")

OnWait = Callable[[str, LeaseHolder], None]


class HostLeases:
    """The leases of one run on these hosts. All methods may be called from any thread.

    Used as a context manager. Entering it asks all hosts at once and returns when each has
    answered: see ``held``, ``refused`` and ``unreachable``; it raises for none of them. With
    ``wait_seconds`` it asks again until all are held or the time is over; ``on_wait`` is called
    once for each host that is waited for. The same run may take its own leases again at once, as
    after a crash.

    ``maintenance_seconds`` opens maintenance on every host that has none, with ``purpose`` as its
    reason, and closes just that one when the lease is released.

    Raises BunkerError for a run id that no run could have.
    """

    def __init__(
        self,
        remotes: Sequence[Remote],
        *,
        run: str,
        purpose: str,
        wait_seconds: float = 0,
        maintenance_seconds: int | None = None,
        beat_seconds: int = HEARTBEAT_SECONDS,
        on_wait: OnWait = lambda _host, _holder: None,
        owner: str | None = None,
    ) -> None:
        if not _RUN_ID.fullmatch(run):
            raise BunkerError(f"{run!r} is no run id", expected="letters, digits and . _ : -")
        self._remotes = {remote.host.name: remote for remote in remotes}
        self._make_script = partial(
            keeper_script,
            run=run,
            owner=owner or operator(),
            purpose=purpose,
            beat_seconds=beat_seconds,
            maintenance_seconds=maintenance_seconds,
        )
        self._wait_seconds = wait_seconds
        self._beat_seconds = beat_seconds
        self._on_wait = on_wait
        self._sessions: dict[str, KeeperSession] = {}
        self._changed = threading.Condition()
        """Guards the sessions; notified whenever a keeper said something."""
        self._heart = Heart(self._sessions, self._changed, beat_seconds)

    # What there is

    @property
    def held(self) -> set[str]:
        """Hosts whose lease is ours right now."""
        with self._changed:
            return {name for name, s in self._sessions.items() if self._lives(s)}

    @property
    def lost(self) -> set[str]:
        """Hosts whose lease was ours until it expired, was taken, or the connection ended."""
        return self._in_state("lost") | (self._in_state("held") - self.held)

    @property
    def refused(self) -> dict[str, LeaseHolder]:
        """Hosts that another run holds, with what they said of it."""
        with self._changed:
            return {
                name: session.holder
                for name, session in sorted(self._sessions.items())
                if session.state == "refused" and session.holder
            }

    @property
    def unreachable(self) -> dict[str, Unreachable]:
        """Hosts that could not be asked, with the reason."""
        with self._changed:
            return {
                name: session.error
                for name, session in sorted(self._sessions.items())
                if session.state == "unreachable" and session.error
            }

    # What can be done

    def write_head(self, host: str, text: str, *, timeout: float = 10) -> bool:
        """Keep the audit log's head (one line of JSON) on a host whose lease is held.

        True once the host has it on its disk; False where the lease is not ours any more or the
        host does not answer within ``timeout`` seconds.
        """
        if "\n" in text or len(text.encode()) > 4000:
            raise BunkerError("an audit head is one line of at most 4000 bytes", where=host)
        with self._changed:
            session = self._sessions.get(host)
            if session is None or session.state != "held":
                return False
            session.heads.clear()
            if not session.send(f"head {text}"):
                return False
            self._changed.wait_for(lambda: session.heads or session.over, timeout)
            return bool(session.heads) and session.heads[0]

    def release(self, hosts: Sequence[str], *, timeout: float = 10) -> None:
        """Give the leases of these hosts back before the others; unknown hosts are none of ours."""
        with self._changed:
            sessions = [self._sessions[name] for name in hosts if name in self._sessions]
            for session in sessions:
                if not session.over:
                    session.send("release")
            self._changed.wait_for(lambda: all(session.over for session in sessions), timeout)
            for session in sessions:
                if not session.over:
                    session.fell_silent("the host did not confirm that its lease is released")

    # Beginning and end

    def __enter__(self) -> Self:
        try:
            with self._changed:
                for name, remote in self._remotes.items():
                    self._sessions[name] = KeeperSession(remote, self._make_script())
            self._heart.start()
            self._answered()
            self._wait_for_all()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_raised: object) -> None:
        self._close()

    def _close(self) -> None:
        try:
            with self._changed:
                given_back = [s.host for s in self._sessions.values() if s.state != "refused"]
            self.release(given_back)
        finally:
            self._heart.stop()
            end = time.monotonic() + 5
            for session in self._sessions.values():
                session.hang_up()
            for session in self._sessions.values():
                session.close(end - time.monotonic())

    # Taking them

    def _answered(self) -> None:
        """Wait until no host is being asked any more."""
        end = time.monotonic() + ANSWER_SECONDS
        with self._changed:
            asking = [s for s in self._sessions.values() if s.state == "asking"]
            self._changed.wait_for(
                lambda: all(s.state != "asking" for s in asking), end - time.monotonic()
            )
            for session in asking:
                if session.state == "asking":
                    session.fell_silent(f"no answer within {ANSWER_SECONDS} seconds")

    def _wait_for_all(self) -> None:
        """Ask for refused hosts until all are held or the time is over.

        While it waits for one host it holds none that stands after that in the alphabet: two runs
        that want the same hosts can then never wait for each other.
        """
        end = time.monotonic() + self._wait_seconds
        reported: set[str] = set()
        while (refused := self.refused) and time.monotonic() < end:
            first = min(refused)
            self._yield([name for name in self.held if name > first])
            for name in sorted(refused.keys() - reported):
                reported.add(name)
                self._on_wait(name, refused[name])
            time.sleep(max(0.0, min(RETRY_SECONDS, end - time.monotonic())))
            self._try([first])
            if first not in self.refused:
                self._try(self._in_state("refused") | self._in_state("yielded"))
        if reported:  # out of time: what is free counts, as it would without waiting
            self._try(self._in_state("refused") | self._in_state("yielded"))

    def _yield(self, hosts: Sequence[str]) -> None:
        with self._changed:
            sessions = [self._sessions[name] for name in hosts]
            for session in sessions:
                session.send("yield")
            self._changed.wait_for(lambda: all(s.state != "held" for s in sessions), ANSWER_SECONDS)

    def _try(self, hosts: Sequence[str] | set[str]) -> None:
        with self._changed:
            for name in hosts:
                session = self._sessions[name]
                if not session.over and session.state != "held":
                    session.state = "asking"
                    session.send("try")
        self._answered()

    def _lives(self, session: KeeperSession) -> bool:
        # Asked right after this process was stopped for a while, the state may be out of date.
        age = time.monotonic() - session.confirmed
        return session.state == "held" and age <= 2 * self._beat_seconds

    def _in_state(self, state: str) -> set[str]:
        with self._changed:
            return {name for name, s in self._sessions.items() if s.state == state}
