"""How long a worker tries to connect to a host that does not answer."""

import functools
import time
from typing import Any

from paramiko import SSHException
from pyinfra.api.exceptions import ConnectError

PATIENCE_SECONDS = 8
"""After this no further try is begun. One try lasts at most 10 s, in which the kernel sends the
first packet again after 1, 3 and 7 s, so that a lost packet fails no host."""


def limit_patience(host: Any) -> None:
    """Let pyinfra try again after quick failures only: a silent host costs one try, not four."""
    connector = host.connector
    connect = getattr(connector, "_connect", None)
    if connect is None:  # not SSH
        return
    started: list[float] = []

    @functools.wraps(connect)
    def limited() -> Any:
        started.append(time.monotonic())
        try:
            return connect()
        except (OSError, SSHException, EOFError) as error:
            if time.monotonic() - started[0] < PATIENCE_SECONDS:
                raise
            # pyinfra tries again after any error but its own.
            raise ConnectError(f"Could not connect ({error})") from error

    # pyinfra has no hook between two tries.
    connector._connect = limited
