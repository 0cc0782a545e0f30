"""In which order and how many at a time the hosts of a change follow each other. Pure."""

import re
from collections.abc import Sequence

from bunker.errors import BunkerError
from bunker.events import RunBatch

_PART = re.compile(r"(\d{1,3})%", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
CANARY = "canary"


def make_batches(hosts: Sequence[str], canary: Sequence[str], batch: str) -> list[RunBatch]:
    """All hosts, each once: the canaries first, as a batch of their own, the rest after them.

    ``batch`` is a number of hosts ("2") or a part of the hosts that are not canaries ("25%",
    rounded up, so one at least). Canaries that are not among the hosts are left out; the order of
    the hosts is kept. Raises BunkerError for any other ``batch``.
    """
    every = tuple(dict.fromkeys(hosts))
    first = tuple(name for name in every if name in set(canary))
    rest = tuple(name for name in every if name not in set(canary))
    size = _size(batch, len(rest))
    batches = [RunBatch(CANARY, first)] if first else []
    for number, start in enumerate(range(0, len(rest), size), start=1):
        batches.append(RunBatch(f"batch {number}", rest[start : start + size]))
    return batches


def _size(batch: str, hosts: int) -> int:
    text = batch.strip()
    part = _PART.fullmatch(text)
    if part and 1 <= int(part.group(1)) <= 100:
        return max(1, -(-hosts * int(part.group(1)) // 100))
    if _NUMBER.fullmatch(text) and int(text) >= 1:
        return int(text)
    raise BunkerError(
        f"{batch!r} is no size of a batch",
        expected="a number of hosts such as 2, or a part of them from 1% to 100% such as 25%",
    )
