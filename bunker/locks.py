"""Files that one process at a time holds; the kernel frees those of a process that died."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bunker.errors import BunkerError


@contextmanager
def locked(file: Path, seconds: float, refusal: BunkerError) -> Iterator[None]:
    """Hold a lock file, whose folder is there; ``refusal`` where it is not free within so long."""
    lock = FileLock(file)
    try:
        lock.acquire(timeout=seconds, poll_interval=0.01)
    except Timeout:
        raise refusal from None
    try:
        yield
    finally:
        lock.release()
