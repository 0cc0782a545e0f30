"""The lab's key pair."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bunker.lab.keys import key_pair


def test_threads_that_ask_at_the_same_time_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(lambda _number: key_pair(tmp_path), range(8)))
    assert len(set(found)) == 1
