"""An event of a run or a worker as one line of progress, prefixed with its host."""

import time
from itertools import chain

from bunker.duration import format_duration
from bunker.events import (
    Analysis,
    BatchBegan,
    Begin,
    Connected,
    Decided,
    Event,
    Gate,
    HostEnded,
    Log,
    Paused,
    Planned,
    RollbackBegan,
    Soak,
    Soaking,
    Step,
    Stopping,
    Waiting,
    Waits,
    Warned,
)
from bunker.outcomes import Word
from bunker.terminal.lines import Line, Style, after, count, indented
from bunker.terminal.run_text import explained

_ENDED: dict[Word, Style] = {"changed": "good", "ok": "", "rolled back": "warn"}
_ANALYSED: dict[str, Style] = {"pass": "good", "fail": "bad"}


def event_lines(event: Event, *, verbose: bool = False) -> list[Line]:
    """What to print for an event where no live display is possible; often nothing.

    Hosts that could not be reached or planned are left to the plan, which says why.
    """
    match event:
        case Connected(host=host) if verbose:
            return [Line(f"{host}: connected", "faint")]
        case Planned(host=host, plan=plan):
            amount = count(len(plan.changes), "change") if plan.changes else "nothing to change"
            return [Line(f"{host}: planned, {amount}")]
        case Step():
            return _step(event, verbose)
        case HostEnded(host=host, outcome=outcome, message=message):
            text = f"{outcome}{': ' + message if message else ''}"
            return after(f"{host}: ", text, _ENDED.get(outcome, "bad"))
        case Log(host=host, message=message):
            return indented(message, f"{host} | ", "faint", quoted=True)
    return _of_run(event)


def _of_run(event: Event) -> list[Line]:
    lines: list[Line] = []
    match event:
        case Begin(run=run, kind=kind, batches=batches):
            hosts = sum(len(batch.hosts) for batch in batches)
            amount = f"{count(hosts, 'host')} in {count(len(batches), 'batch', 'batches')}"
            lines = [Line(f"run {run}: {kind} of {amount}", "heading")]
        case BatchBegan(name=name, number=number, of=of, hosts=names):
            lines = [Line(f"{name} ({number} of {of}): {', '.join(names)}", "heading")]
        case Waiting(host=host, message=message):
            lines = after(f"{host} waits: ", message, "warn")
        case RollbackBegan(hosts=names):
            lines = [Line(f"rolling back: {', '.join(names)}", "warn")]
        case Gate(outcome="pass", hosts=names):
            lines = [Line(f"gate: {count(len(names), 'host')} healthy", "good")]
        case Gate(reason=reason):
            lines = after("gate: ", reason, "bad")
        case Soak(seconds=seconds, until=until):
            text = f"watching the first batch for {format_duration(seconds)}, until {clock(until)}"
            lines = [Line(text)]
        case Analysis(outcome=found, reasons=reasons):
            text = f"{found}{': ' + '; '.join(reasons) if reasons else ''}"
            lines = after("canary analysis: ", text, _ANALYSED.get(found, "warn"))
        case Paused(reason=reason):
            lines = after("paused: ", reason, "warn")
        case Decided(answer=answer):
            lines = [Line(f"an operator decided: {answer}")]
        case _:
            lines = _beside(event)
    return lines


def _beside(event: Event) -> list[Line]:
    """What the process that shows the run has to say itself."""
    lines: list[Line] = []
    match event:
        case Waits(message=message, commands=commands):
            lines = [
                *after("", message, "warn"),
                *(Line(f"  {one}") for one in explained(commands)),
            ]
        case Stopping(message=message):
            lines = after("", message, "warn")
        case Warned(message=message):
            lines = after("warning: ", message, "warn")
    return lines


def clock(moment: float) -> str:
    """``14:30:00 CET``: in the time zone of who reads it."""
    return time.strftime("%H:%M:%S %Z", time.localtime(moment))


def soak_text(soaking: Soaking, now: float) -> str:
    """How long hosts are still watched, and what they did so far."""
    left = f"{format_duration(max(0, soaking.until - now))} left"
    seen = [
        f"{name}: {found['requests']:.0f} requests, {found.get('errors') or 0:.0f} failed"
        for name, found in sorted(soaking.hosts.items())
        if found.get("requests") is not None
    ]
    return "; ".join([left, *seen])


def _step(step: Step, verbose: bool) -> list[Line]:
    host = step.host
    title = f"{host}: [{step.number}/{step.of}] {step.name}"
    if step.status == "started":
        return [Line(title, "faint")] if verbose else []
    failed = step.status == "failed"
    line = Line(f"{title}: {step.status} ({step.seconds:.1f} s)", "bad" if failed else "")
    # A failed step's output stands in the recap; here only someone who asked reads along.
    output = step.output or () if verbose else ()
    said = [indented(text, f"{host} | ", "faint", quoted=True) for text in output]
    return [line, *chain(*said)]
