"""A worker's event as one line of progress, prefixed with its host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bunker.terminal.lines import Line, Style, after, count, indented
from bunker.terminal.run_event_text import run_event_lines


def event_lines(event: Mapping[str, Any], *, verbose: bool = False) -> list[Line]:
    """What to print for an event where no live display is possible; often nothing.

    Hosts that could not be reached or planned are left to the plan, which says why.
    """
    host, message = event.get("host", ""), str(event.get("message", ""))
    lines: list[Line] = []
    match event["event"]:
        case "connected" if verbose:
            lines = [Line(f"{host}: connected", "faint")]
        case "planned":
            changes = event["plan"]["changes"]
            amount = count(len(changes), "change") if changes else "nothing to change"
            lines = [Line(f"{host}: planned, {amount}")]
        case "step":
            lines = _step(host, event, verbose)
        case "host":
            lines = after(f"{host}: ", _ended(event), _style_of(event["outcome"]))
        case "log":
            lines = indented(message, f"{host} | ", "faint")
        case "stopping":
            lines = [Line(stopping_sentence(), "warn")]
        case _:
            lines = run_event_lines(event)
    return lines


def stopping_sentence() -> str:
    """What an operator reads after the first Ctrl-C."""
    return "stopping: every host finishes the step it is in; press Ctrl-C again to stop at once"


def step_title(event: Mapping[str, Any]) -> str:
    """``[2/9] changemaker: migrate``."""
    return f"[{event['number']}/{event['of']}] {event['name']}"


def _step(host: str, event: Mapping[str, Any], verbose: bool) -> list[Line]:
    title = f"{host}: {step_title(event)}"
    if event["status"] == "started":
        return [Line(title, "faint")] if verbose else []
    failed = event["status"] == "failed"
    line = Line(f"{title}: {event['status']} ({event['seconds']:.1f} s)", "bad" if failed else "")
    # A failed step's output stands in the recap; here only somebody who asked reads along.
    output = event.get("output") or () if verbose else ()
    return [line, *(found for text in output for found in indented(text, f"{host} | ", "faint"))]


def _ended(event: Mapping[str, Any]) -> str:
    return f"{event['outcome']}{': ' + event['message'] if event.get('message') else ''}"


def _style_of(outcome: str) -> Style:
    if outcome == "changed":
        return "good"
    return "" if outcome == "ok" else "bad"
