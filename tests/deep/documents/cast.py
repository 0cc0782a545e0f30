"""Recording what a terminal shows, in asciinema's format (version 2), and playing it as SVG.

`nox -s casts` renders what was recorded.
"""

from __future__ import annotations

import codecs
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bunker.product import CODE as CHECKOUT
from tests.deep.documents.control_machine import COLUMNS, ControlMachine
from tests.deep.documents.page import RECORD

FOLDER = CHECKOUT / "docs" / "casts"
ROWS = 26
SHORTEST, LONGEST = 0.8, 2.0
"""Seconds: what comes closer together is one picture, and no pause is longer."""


@contextmanager
def recorded(machine: ControlMachine, name: str, title: str) -> Iterator[None]:
    """Keep what the commands that run inside show, where pages are recorded.

    Each command is shown as it was typed; the last picture stays a while.
    """
    if not os.environ.get(RECORD):
        yield
        return
    pieces: list[tuple[float, str]] = []
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    machine.watch = lambda data: pieces.append((time.monotonic(), decoder.decode(data)))
    try:
        yield
    finally:
        machine.watch = lambda _data: None
    FOLDER.mkdir(exist_ok=True)
    header = {"version": 2, "width": COLUMNS, "height": ROWS, "title": title}
    rows = [json.dumps(header)]
    for at, shown in _paced(pieces):
        said = machine.as_on_pages(shown)
        rows.append(json.dumps([round(at, 2), "o", said], ensure_ascii=False))
    (FOLDER / f"{name}.cast").write_text("".join(f"{row}\n" for row in rows))


def _paced(pieces: list[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """The pieces at times from 0 on, without long pauses, few enough to be drawn."""
    clock, before, waiting = 0.0, None, ""
    for at, said in pieces:
        gap = 0.0 if before is None else at - before
        if waiting and gap < SHORTEST:
            waiting += said
            continue
        if waiting:
            yield clock, waiting
        clock += min(max(gap, SHORTEST), LONGEST) if before is not None else 0.0
        before, waiting = at, said
    if waiting:
        yield clock, waiting
    yield clock + 2 * LONGEST, ""
