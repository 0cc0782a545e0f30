"""`python -m bunker.worker`: reads one request from standard input, writes events."""

from gevent import monkey

monkey.patch_all()  # before anything else is imported: pyinfra's greenlets need it

import os  # noqa: E402
import sys  # noqa: E402

from bunker.worker.server import serve  # noqa: E402


def main() -> int:
    """Keep the event stream clean: whatever else prints goes to standard error."""
    events = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return serve(sys.stdin.buffer, events)


sys.exit(main())
