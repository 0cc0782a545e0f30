"""What a run had done to its hosts before its process died, told from its events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Earlier:
    """By host: whether it was touched, and how far its way back had come.

    ``going_back`` holds the failures of hosts whose way back had begun and not ended, ``returning``
    the hosts whose way back had begun a step, ``rolled_back`` the outcomes of those that are back.
    """

    touched: set[str] = field(default_factory=set)
    going_back: dict[str, dict[str, Any]] = field(default_factory=dict)
    returning: set[str] = field(default_factory=set)
    rolled_back: dict[str, dict[str, Any]] = field(default_factory=dict)


def earlier(events: Iterable[Mapping[str, Any]]) -> Earlier:
    """Fold the events of a run that is taken up."""
    found = Earlier()
    failures: dict[str, dict[str, Any]] = {}
    for event in events:
        match event["event"]:
            case "step":
                _step(found, failures, event)
            case "way_back":
                for host in event["hosts"]:
                    failure = failures.get(host, {"outcome": "failed", "message": ""})
                    found.going_back.setdefault(host, failure)
            case "outcome":
                _outcome(found, event)
    return found


def _step(found: Earlier, failures: dict[str, dict[str, Any]], event: Mapping[str, Any]) -> None:
    host = event["host"]
    if event["status"] == "started":
        (found.returning if host in found.going_back else found.touched).add(host)
    elif event["status"] == "failed" and host not in found.going_back:
        message = f"step {event['number']} of {event['of']} failed: {event['name']}"
        failures[host] = {
            "outcome": "failed",
            "message": message,
            "step": event["name"],
            "output": event["output"],
        }


def _outcome(found: Earlier, event: Mapping[str, Any]) -> None:
    host = event["host"]
    if event["outcome"] == "interrupted":
        return  # a step that was told to stop says so, and comes again
    found.going_back.pop(host, None)
    if event["outcome"] == "rolled back":
        found.rolled_back[host] = {
            key: value for key, value in event.items() if key not in ("event", "host", "time")
        }
