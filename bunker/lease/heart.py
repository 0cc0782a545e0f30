"""The one thread that keeps all leases of a run alive and listens to their keepers."""

import selectors
import socket
import threading
import time
from collections.abc import Mapping

from bunker.lease.session import KeeperSession


class Heart:
    """Beats for every session and takes in what the keepers say.

    ``changed`` guards the sessions and is notified after every change. The sessions must all be
    there when it starts.
    """

    def __init__(
        self,
        sessions: Mapping[str, KeeperSession],
        changed: threading.Condition,
        beat_seconds: int,
    ) -> None:
        self._sessions = sessions
        self._changed = changed
        self._beat_seconds = beat_seconds
        self._stopping = False
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        """Begin to beat and to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating; returns when the thread has ended."""
        self._stopping = True
        if self._thread.is_alive():
            self._wake_writer.send(b"stop")
            self._thread.join()
        self._wake_reader.close()
        self._wake_writer.close()

    def _run(self) -> None:
        try:
            self._keep()
        finally:
            # Whatever ended this thread: leases without a beat must not look held.
            with self._changed:
                if not self._stopping:
                    for session in self._sessions.values():
                        session.fell_silent("its heartbeat stopped on this machine")
                self._changed.notify_all()

    def _keep(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_reader, selectors.EVENT_READ)
            for session in self._sessions.values():
                selector.register(session, selectors.EVENT_READ)
            next_beat = time.monotonic() + self._beat_seconds
            while not self._stopping:
                ready = selector.select(max(0.0, next_beat - time.monotonic()))
                with self._changed:
                    for key, _events in ready:
                        if isinstance(key.fileobj, KeeperSession):
                            self._hear(key.fileobj, selector)
                    # After listening: answers that came while this process was stopped count.
                    if time.monotonic() >= next_beat:
                        next_beat = time.monotonic() + self._beat_seconds
                        self._beat()
                    self._changed.notify_all()

    def _hear(self, session: KeeperSession, selector: selectors.BaseSelector) -> None:
        held = session.state == "held"
        session.receive()
        if session.over:
            selector.unregister(session)
        elif session.state == "held" and not held:
            session.beat()  # from here on it is known how old the lease can be

    def _beat(self) -> None:
        for session in self._sessions.values():
            if session.over or session.state == "asking":
                continue
            if time.monotonic() - session.confirmed > 2 * self._beat_seconds:
                session.fell_silent("the host does not answer any more; its lease has expired")
            else:
                session.beat()
