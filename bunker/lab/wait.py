"""Waiting: poll a condition until it holds or its deadline passes, never a fixed sleep."""

import socket
import time
from collections.abc import Callable
from typing import TypeVar

from bunker.errors import BunkerError

Value = TypeVar("Value")


def until(
    condition: Callable[[], Value | None],
    *,
    seconds: float,
    what: str,
    every: float = 0.05,
    explain: Callable[[], str] = lambda: "",
) -> Value:
    """The condition's first truthy answer; a BunkerError naming ``what`` after ``seconds``.

    ``explain`` is asked only on failure, for the last thing that was seen.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            seen = explain()
            raise BunkerError(
                f"{what} did not happen within {seconds:.0f} s" + (f": {seen}" if seen else "")
            )
        time.sleep(every)


def for_port(address: str, port: int, what: str, *, seconds: float, greeting: bytes = b"") -> None:
    """Wait until something listens there and, where a greeting is given, says it first."""

    def speaks() -> bool:
        try:
            with socket.create_connection((address, port), timeout=2) as connection:
                return not greeting or connection.recv(64).startswith(greeting)
        except OSError:
            return False  # not up yet

    until(speaks, seconds=seconds, what=f"the start of {what} at {address}:{port}")
