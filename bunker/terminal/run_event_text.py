"""The events of a run, beside those of its worker, as lines of progress."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from bunker.terminal.lines import Line, after, count


def run_event_lines(event: Mapping[str, Any]) -> list[Line]:
    """What to print for an event of a run; nothing for one that is not known."""
    message = str(event.get("message", ""))
    match event["event"]:
        case "begin":
            batches = event["batches"]
            hosts = sum(len(batch["hosts"]) for batch in batches)
            amount = f"{count(hosts, 'host')} in {count(len(batches), 'batch', 'batches')}"
            return [Line(f"run {event['run']}: {event['kind']} of {amount}", "heading")]
        case "batch":
            title = f"{event['name']} ({event['number']} of {event['of']})"
            return [Line(f"{title}: {', '.join(event['hosts'])}", "heading")]
        case "waiting":
            return after(f"{event['host']} waits: ", message, "warn")
        case "way_back":
            return [Line(f"going back: {', '.join(event['hosts'])}", "warn")]
        case "gate":
            return _gate(event)
        case "soak":
            until = time.strftime("%H:%M:%S", time.localtime(event["until"]))
            return [Line(f"watching the first batch for {event['seconds']} s, until {until}")]
        case "judgement":
            return _judgement(event)
        case "paused":
            return after("paused: ", str(event["reason"]), "warn")
        case "decided":
            return [Line(f"an operator decided: {event['answer']}")]
        case "waits":
            lines = after("", message, "warn")
            return [*lines, *(Line(f"  {command}") for command in event["commands"])]
        case "warning":
            return after("warning: ", message, "warn")
    return []


def _gate(event: Mapping[str, Any]) -> list[Line]:
    if event["outcome"] == "pass":
        return [Line(f"gate: {count(len(event['hosts']), 'host')} still well", "good")]
    return after("gate: ", str(event["reason"]), "bad")


def _judgement(event: Mapping[str, Any]) -> list[Line]:
    style = {"pass": "good", "fail": "bad", "inconclusive": "warn"}[event["outcome"]]
    reasons = "; ".join(event["reasons"])
    text = f"{event['outcome']}{': ' + reasons if reasons else ''}"
    return after("judgement: ", text, style)  # type: ignore[arg-type]
