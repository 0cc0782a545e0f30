"""A secret's value, as an operator gives it: never as an argument."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from bunker.errors import BunkerError

if TYPE_CHECKING:
    from bunker.masking import Secret

LARGEST = 200_000
"""Bytes of a value; a private key has a few thousand."""


def read_value(key: str) -> Secret:
    """A secret's value from a prompt or from standard input, never from an argument."""
    from bunker.masking import Secret

    prompt = f"Value of {key} (not shown): "
    text = getpass.getpass(prompt) if sys.stdin.isatty() else _piped(key)
    # A pipe or a file ends in a newline that was not meant; inner lines of a key stay.
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise BunkerError(f"no value was given for {key}; nothing was changed")
    return Secret(value)


def _piped(key: str) -> str:
    # As bytes: Python's own decoding would fail in words of its own, with the value in them.
    source = getattr(sys.stdin, "buffer", None)
    raw = source.read(LARGEST + 1) if source else sys.stdin.read(LARGEST + 1).encode()
    if len(raw) > LARGEST:
        problem = f"the value of {key} is longer than {LARGEST // 1000} kB; nothing was changed"
        raise BunkerError(problem, where="standard input")
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        pass
    # Outside of the handler: the exception held back there carries the value.
    problem = f"the value of {key} is not UTF-8 text; nothing was changed"
    raise BunkerError(problem, where="standard input", expected="UTF-8")
