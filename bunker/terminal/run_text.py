"""Runs as lines: the list, and everything about one."""

import time
from collections.abc import Mapping, Sequence

from bunker.duration import format_duration
from bunker.journal.records import ENDED, RunRecord
from bunker.terminal.lines import Line, Style, after, some, table
from bunker.terminal.recap_text import counts, first_line, measured

STYLES: Mapping[str, Style] = {
    "running": "change",
    "interrupted": "bad",
    "paused": "warn",
    "done": "good",
    "failed": "bad",
    "rolled back": "bad",
    "cancelled": "warn",
}


def list_lines(records: Sequence[RunRecord], now: float | None = None) -> list[Line]:
    """A table, the newest run first."""
    if not records:
        return [Line("no runs yet")]
    rows = []
    several = len({record.request.fleet for record in records}) > 1
    for record in records:
        request, began = record.request, ago(record.started, now)
        hosts = ", ".join(f"{n} {name}" for name, n in counts(record.summary.hosts).items() if n)
        row = [record.run, request.kind, record.state, began, hosts, request.by]
        rows.append([*row, request.fleet] if several else row)
    styles = [STYLES[record.state] for record in records]
    headers = ["RUN", "KIND", "STATE", "BEGAN", "HOSTS", "BY"]
    return table([*headers, "FLEET"] if several else headers, rows, styles, firm=4)


def show_lines(record: RunRecord, now: float | None = None) -> list[Line]:
    """One run, its hosts, and the next command."""
    request = record.request
    lines = [Line(f"{request.kind} {record.run}: {record.state}", STYLES[record.state])]
    lines.append(Line(f"  {request.command}"))
    began = ago(record.started, now)
    lasted = format_duration(max(1, round(record.updated - record.started)))
    took = f", took {lasted}" if record.state in ENDED else ""
    program = f", with Bunker Ops {request.version}" if request.version else ""
    lines.append(Line(f"  by {request.by}, {began}{took}{program}"))
    if request.retry_of:
        lines.append(Line(f"  tries again what failed in {request.retry_of}"))
    for batch in request.batches:
        lines.append(Line(f"  {batch.name}: {some(batch.hosts)}"))
    summary = record.summary
    rows = [
        [name, found.outcome, str(found.generation_number or ""), first_line(found.message)]
        for name, found in summary.hosts.items()
    ]
    styles: list[Style] = ["" if one.succeeded else "bad" for one in summary.hosts.values()]
    lines += [Line(""), *table(("HOST", "OUTCOME", "GENERATION", "NOTE"), rows, styles)]
    for name, found in summary.hosts.items():
        if found.choice:
            lines += after(f"{name}: ", found.choice, "warn")
        lines += [Line(text) for text in measured(name, found)]
    for analysis in summary.analyses:
        lines += after(f"canary analysis: {analysis.outcome}: ", "; ".join(analysis.reasons))
    for word, text in (("stopped: ", summary.reason), ("waits: ", summary.paused)):
        if text:
            lines += after(word, text.removeprefix("stopped "))
    return [*lines, *(Line(f"  try: {command}") for command in explained(next_steps(record)))]


ANSWERS: Mapping[str, str] = {
    "go on": "the next hosts are changed",
    "roll back": "the hosts of its first batch are rolled back, and the run ends",
    "stop": "the run ends; what was changed stays",
}
"""What each answer to a paused run does."""


def option_of(answer: str) -> str:
    """The option of `invoke run.resume` that gives an answer: ``--go-on``."""
    return f"--{answer.replace(' ', '-')}"


def answers(run: str, offered: Sequence[str]) -> list[str]:
    """The commands that give a paused run one of the answers that it takes."""
    return [f"invoke run.resume {run} {option_of(word)}" for word in offered]


def explained(commands: Sequence[str]) -> list[str]:
    """Commands, and behind those that answer a run what the answer does."""
    width = max(map(len, commands), default=0)
    found = []
    for command in commands:
        what = ANSWERS.get(command.rpartition(" --")[2].replace("-", " "))
        found.append(f"{command:<{width}}  # {what}" if what else command)
    return found


def next_steps(record: RunRecord) -> list[str]:
    """The commands that go on with a run."""
    match record.state:
        case "running":
            return [f"invoke run.watch {record.run}"]
        case "interrupted":
            return [f"invoke run.resume {record.run}"]
        case "paused":
            return answers(record.run, record.summary.answers)
        case "done":
            return []
    return [f"invoke run.retry-failed {record.run}"]


def in_short(record: RunRecord) -> str:
    """What a run does, in a few words: ``upgrade of north, south to v2.1``."""
    request = record.request
    ref = f" to {request.ref}" if request.ref else ""
    return f"{request.kind} of {some(request.hosts, 3)}{ref}"


def ago(then: float, now: float | None = None) -> str:
    """``5 min ago``."""
    seconds = round((time.time() if now is None else now) - then)
    return f"{format_duration(max(1, seconds))} ago" if seconds >= 0 else "just now"
