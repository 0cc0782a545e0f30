"""A host that fails while its deploy is prepared leaves the others running, under pyinfra's own
command line too. The worker does the same for itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyinfra import logger
from pyinfra.api.exceptions import PyinfraError
from pyinfra.context import ctx_host, ctx_state

from bunker.errors import BunkerError


@contextmanager
def failing_alone() -> Iterator[None]:
    """Around the deploy of one host: what it raises fails this host, in pyinfra's own way.

    Without it pyinfra ends for all hosts. Where no other host is left it says so, and ends.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - one host's error must not stop the others
        host = ctx_host.get()
        for sentence in _sentences(error):
            logger.error(f"{host.print_prefix}{sentence}")
        logger.debug("raised here:", exc_info=error)
        ctx_state.get().fail_hosts({host})


def _sentences(error: Exception) -> list[str]:
    match error:
        case BunkerError():
            return [str(problem) for problem in error.each]
        case PyinfraError():
            return [str(error)]
    return [f"{type(error).__name__}: {error}"]
