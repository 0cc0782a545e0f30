"""The events of a run, beside those of its worker, as lines of progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from bunker.terminal.lines import Line, after, count


def run_event_lines(event: Mapping[str, Any]) -> list[Line]:
    """What to print for an event of a run; nothing for one that is not known."""
    show = _SHOWN.get(event["event"])
    return show(event) if show else []


def _begin(event: Mapping[str, Any]) -> list[Line]:
    batches = event["batches"]
    hosts = sum(len(batch["hosts"]) for batch in batches)
    amount = f"{count(hosts, 'host')} in {count(len(batches), 'batch', 'batches')}"
    return [Line(f"run {event['run']}: {event['kind']} of {amount}", "heading")]


def _batch(event: Mapping[str, Any]) -> list[Line]:
    title = f"{event['name']} ({event['number']} of {event['of']})"
    return [Line(f"{title}: {', '.join(event['hosts'])}", "heading")]


def _soak(event: Mapping[str, Any]) -> list[Line]:
    until = time.strftime("%H:%M:%S", time.localtime(event["until"]))
    return [Line(f"watching the first batch for {event['seconds']} s, until {until}")]


def _waits(event: Mapping[str, Any]) -> list[Line]:
    lines = after("", str(event["message"]), "warn")
    return [*lines, *(Line(f"  {command}") for command in event["commands"])]


def _gate(event: Mapping[str, Any]) -> list[Line]:
    if event["outcome"] == "pass":
        return [Line(f"gate: {count(len(event['hosts']), 'host')} still well", "good")]
    return after("gate: ", str(event["reason"]), "bad")


def _judgement(event: Mapping[str, Any]) -> list[Line]:
    style = {"pass": "good", "fail": "bad", "inconclusive": "warn"}[event["outcome"]]
    reasons = "; ".join(event["reasons"])
    text = f"{event['outcome']}{': ' + reasons if reasons else ''}"
    return after("judgement: ", text, style)  # type: ignore[arg-type]


_SHOWN: Mapping[str, Callable[[Mapping[str, Any]], list[Line]]] = {
    "begin": _begin,
    "batch": _batch,
    "waiting": lambda event: after(f"{event['host']} waits: ", event["message"], "warn"),
    "way_back": lambda event: [Line(f"going back: {', '.join(event['hosts'])}", "warn")],
    "gate": _gate,
    "soak": _soak,
    "judgement": _judgement,
    "paused": lambda event: after("paused: ", event["reason"], "warn"),
    "decided": lambda event: [Line(f"an operator decided: {event['answer']}")],
    "waits": _waits,
    "warning": lambda event: after("warning: ", event["message"], "warn"),
}
