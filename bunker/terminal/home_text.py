"""The home screen below its table: what needs an operator first, open runs, normal work."""

from collections.abc import Iterable, Sequence

from bunker.fleet import Fleet
from bunker.terminal.lines import Line, after, count, some
from bunker.terminal.next_steps import disk_is_full, steps_for, troubled
from bunker.terminal.recap_text import Repeat
from bunker.terminal.run_text import STYLES as RUN_STYLES
from bunker.terminal.run_text import ago, explained, in_short, next_steps
from bunker.terminal.status_text import STYLES, generation_text
from bunker.workflows.home import OpenRuns
from bunker.workflows.status import HostStatus


def home_lines(
    fleet: Fleet, statuses: Sequence[HostStatus], runs: OpenRuns, repeat: Repeat
) -> list[Line]:
    """Everything below the table; ends with how many hosts there are in each state."""
    at_work = [one for one in statuses if _is_worked_on(one)]
    idle = [one for one in statuses if one not in at_work]
    sections = [
        ("Needs you first", [*_troubles(idle, runs, repeat), *_broken(fleet)]),
        ("Runs", _runs(runs)),
        ("Runs another version than its file says", _differing(idle, repeat)),
        ("Not in its file any more", _forgotten(statuses)),
        ("Normal work", [line for one in statuses for line in _work(one)]),
    ]
    lines: list[Line] = []
    for title, found in sections:
        if found:
            lines += [Line(""), Line(title, "heading"), *found]
    if not (statuses or fleet.broken):
        lines += _tries(["invoke instance.add"])
    return [*lines, Line(""), total_line(fleet.name, statuses, len(fleet.broken))]


def total_line(fleet: str, statuses: Sequence[HostStatus], left_out: int = 0) -> Line:
    """``production: 12 hosts: 10 healthy, 1 unhealthy, 1 left out``."""
    states = [status.overall.state for status in statuses]
    numbers = [f"{states.count(state)} {state}" for state in STYLES if state in states]
    numbers += [f"{left_out} left out"] if left_out else []
    hosts = count(len(statuses) + left_out, "host")
    text = f"{fleet}: {hosts}: {', '.join(numbers)}" if numbers else f"{fleet}: no hosts"
    return Line(text, "heading")


def _is_worked_on(one: HostStatus) -> bool:
    """Whether a run or an operator has it in hand: not one that died and left maintenance open."""
    if one.probe is None:
        return False
    maintenance = one.probe.maintenance
    return bool(one.probe.lease or (maintenance and not maintenance.run))


def _troubles(statuses: Sequence[HostStatus], runs: OpenRuns, repeat: Repeat) -> list[Line]:
    lines: list[Line] = []
    for one in troubled(statuses):
        reasons = [*one.verdict.reasons]
        if disk_is_full(one) and one.probe:
            reasons.append(f"the disk is {one.probe.disk_percent} % full")
        # The state alone where there is no more to say.
        text = "; ".join(reasons) or one.verdict.state
        lines += after(f"  {one.label}: ", text, STYLES[one.verdict.state])
        lines += after("    ", one.remedy) if one.remedy else []
        run = runs.of(one.host)
        cut_off = run and run.state != "running" and one.verdict.state == "unfinished"
        # What goes on with a run that stopped half-way comes before anything new.
        lines += _tries([*(next_steps(run) if run and cut_off else ()), *steps_for(one, repeat)])
    fresh = [one.host for one in statuses if one.overall.state == "not deployed"]
    if fresh:
        lines.append(Line(f"  {some(fresh)}: not deployed yet", "faint"))
        lines += _tries([repeat.again(fresh[0])])
    return lines


def _broken(fleet: Fleet) -> list[Line]:
    lines: list[Line] = []
    for name, faults in fleet.broken.items():
        lines += after(f"  {name}: left out: ", str(faults[0]), "bad")
    return lines + [line for one in fleet.faults for line in after("  ", str(one), "bad")]


def _runs(runs: OpenRuns) -> list[Line]:
    lines: list[Line] = []
    for run in runs.runs:
        style = RUN_STYLES[run.state]
        began = f"{ago(run.started)} by {run.request.by}"
        text = f"{in_short(run)}: {run.state}, began {began}"
        lines += after("  ", text, style)
        if run.summary.paused:
            lines += after("    it asks: ", run.summary.paused, style)
        lines += _tries(next_steps(run))
    if runs.problem:
        lines += after("  ", f"unknown: {runs.problem}", "bad")
    return lines


def _differing(statuses: Iterable[HostStatus], repeat: Repeat) -> list[Line]:
    lines: list[Line] = []
    for one in (one for status in statuses for one in status.each if one.differs):
        running = generation_text(one.probe.generation if one.probe else None, short=True)
        text = f"  {one.label}: runs {running}, its file says {one.wanted_ref}"
        lines.append(Line(text, "warn"))
        lines += _tries([f"{repeat.again(one.host)} --dry"])
    return lines


def _forgotten(statuses: Iterable[HostStatus]) -> list[Line]:
    return [
        line
        for one in statuses
        if one.forgotten
        for line in after(
            f"  {one.host}: ",
            f"{', '.join(one.forgotten)} (docs/other-applications.md says how to remove it)",
            "warn",
        )
    ]


def _work(one: HostStatus) -> list[Line]:
    if one.probe is None:
        return []
    lines: list[Line] = []
    if lease := one.probe.lease:
        lines += after(f"  {one.host}: ", lease.sentence(), "faint")
    if maintenance := one.probe.maintenance:
        lines += after(f"  {one.host}: ", maintenance.sentence(), "faint")
    if _is_worked_on(one) and one.overall.reasons:
        lines += after("    ", "; ".join(one.overall.reasons), "faint")
    return lines


def _tries(steps: Sequence[str]) -> list[Line]:
    return [Line(f"    try: {step}") for step in explained(steps)]
