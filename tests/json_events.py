"""Events of a worker in their JSON form, as programs read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bunker.events import Event


def stream(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """Each event at the moment it arrives."""
    for event in events:
        yield json.loads(json.dumps(event.to_json()))


def everything(events: Iterable[Event]) -> list[dict[str, Any]]:
    """All of them."""
    return list(stream(events))
