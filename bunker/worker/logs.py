"""pyinfra's own log, attributed to hosts: it is where failed facts and connections explain."""

import logging
from collections import defaultdict, deque
from collections.abc import Callable

from pyinfra import logger
from pyinfra.context import ctx_host

from bunker.events import Event, Log
from bunker.masking import Redactor
from bunker.ops.recorder import name_of
from bunker.printable import without_sequences


class HostLog(logging.Handler):
    """Keeps each host's last log lines, and forwards them as events where asked to."""

    def __init__(self, redact: Redactor, emit: Callable[[Event], None] | None) -> None:
        super().__init__(logging.DEBUG if emit else logging.INFO)
        self._redact = redact
        self._emit = emit
        self._lines: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=40))
        logger.handlers = [self]
        logger.propagate = False
        logger.setLevel(logging.DEBUG if emit else logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        name = name_of(ctx_host.get()) if ctx_host.isset() else ""
        text = self._redact(without_sequences(record.getMessage()))
        if record.levelno >= logging.WARNING or "[" in text:
            self._lines[name].append(text)
        if self._emit:
            self._emit(Log(host=name, message=text))

    def clear(self, name: str) -> None:
        """Forget a host's lines, before a step whose lines are wanted alone."""
        self._lines[name].clear()

    def lines(self, name: str) -> list[str]:
        """The host's last lines."""
        return list(self._lines[name])
