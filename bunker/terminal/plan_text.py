"""A plan as lines: symbols, indented diffs, identical hosts together, unchanged ones collapsed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bunker.outlook import MIGRATIONS, Outlook
from bunker.plan.changes import Change, FleetPlan, HostPlan, Symbol
from bunker.terminal.lines import Line, Style, after, count, indented, some
from bunker.terminal.outlook_text import outlook_lines, risk_lines

STYLES: Mapping[Symbol, Style] = {"+": "add", "~": "change", "-": "remove"}
WORDS: Mapping[Symbol, str] = {"+": "new", "~": "changed", "-": "removed"}
TITLES = 12
"""Up to so many changes of a host each have a line of their own."""
FEW = 2
SUBJECTS = 6


@dataclass
class _Diffs:
    """On how many hosts each change is planned, and on which its diff was shown already."""

    hosts: Mapping[Change, int]
    shown: dict[Change, str] = field(default_factory=dict)


def plan_lines(
    found: FleetPlan,
    next_command: str | None = None,
    outlook: Outlook | None = None,
    *,
    diff: bool = True,
    seen: bool = False,
) -> list[Line]:
    """What a plan says: changes, how it would go, the total, the command that would apply it.

    Hosts with the same changes share one block. With ``diff`` every line that changes is shown,
    one that several blocks share once; without, each change is a line, and many like each other
    are one; ``seen``: every line was shown before. What may be lost stands last.
    """
    lines: list[Line] = []
    plans = [_knowing(plan, outlook) for plan in found.to_change]
    diffs = _Diffs(Counter(change for plan in plans for change in plan.changes))
    for members in _groups(plans):
        lines += [*_host_block(members, diffs, diff=diff), Line("")]
    lines += _others(found)
    lines += outlook_lines(outlook) if outlook else []
    lines.append(total_line(found))
    if found.to_change and next_command:
        more = any(change.lines for plan in found.to_change for change in plan.changes)
        if more and not (diff or seen):
            lines.append(Line("Every line of it: the same command with --diff", "faint"))
        lines.append(Line(f"Apply it with: {next_command}"))
    return [*lines, *(risk_lines(outlook) if outlook else ())]


def total_line(found: FleetPlan) -> Line:
    """``Plan: 3 hosts to change, 1 restart, 96 unchanged``, and what could not be planned."""
    restarts = sum(len(plan.restarts) for plan in found.to_change)
    parts = [
        f"{count(len(found.to_change), 'host')} to change",
        count(restarts, "restart"),
        f"{len(found.unchanged)} unchanged",
    ]
    parts += [f"{len(found.failed)} failed"] if found.failed else []
    parts += [f"{len(found.unreachable)} unreachable"] if found.unreachable else []
    return Line(f"Plan: {', '.join(parts)}", "heading")


def diff_style(line: str) -> Style:
    """What one line of a diff means, by its first sign."""
    match line.lstrip()[:1]:
        case "+":
            return "add"
        case "-":
            return "remove"
        case "~":
            return "change"
        case "@" | "…":
            return "faint"
    return ""


def _knowing(plan: HostPlan, outlook: Outlook | None) -> HostPlan:
    """The plan with what was read of its migrations since the host made it."""
    known = outlook.migrations.get(plan.host, {}) if outlook else {}

    def told(change: Change) -> Change:
        if change.subject != MIGRATIONS or change.role not in known:
            return change
        number = known[change.role]
        text = f"{count(number, 'new one', 'new ones')}, named below" if number else "no new one"
        return replace(change, summary=text)

    return replace(plan, changes=tuple(map(told, plan.changes)))


def _groups(plans: Sequence[HostPlan]) -> list[list[HostPlan]]:
    groups: dict[tuple[object, ...], list[HostPlan]] = {}
    for plan in sorted(plans, key=lambda plan: plan.host):
        groups.setdefault((plan.changes, plan.notes), []).append(plan)
    return list(groups.values())


def _host_block(members: Sequence[HostPlan], diffs: _Diffs, *, diff: bool) -> list[Line]:
    first = members[0]
    amount = count(len(first.changes), "change")
    if first.restarts:
        amount += f", {count(len(first.restarts), 'restart')}"
    if len(members) == 1:
        lines = [Line(f"{first.host}: {amount}", "heading")]
    else:
        same = f" (same diff on {len(members)} hosts)" if diff else ""
        title = f"{len(members)} hosts, each {amount}{same}"
        lines = [Line(title, "heading"), Line(f"  {some([plan.host for plan in members])}")]
    if diff:
        for change in first.changes:
            lines += _change(change, first.host, len(members), diffs)
    else:
        lines += _titles(first.changes)
    for text in first.notes:
        lines += after("  note: ", text, "warn")
    if first.restarts:
        lines.append(Line(f"  restarts: {', '.join(first.restarts)}", "warn"))
    return lines


def _titles(changes: Sequence[Change]) -> list[Line]:
    """A line for each change; where they are many, one for all of a role that are alike."""
    alike: dict[tuple[str, Symbol], list[Change]] = {}
    for change in changes:
        alike.setdefault((change.role, change.symbol), []).append(change)
    lines: list[Line] = []
    for change in changes:
        group = alike[change.role, change.symbol]
        if len(changes) <= TITLES or len(group) <= FEW or change.symbol == "-":
            lines += after(f"  {change.heading}", change.summary, STYLES[change.symbol])
        elif change is group[0]:
            subjects = some([one.subject for one in group], SUBJECTS)
            text = (
                f"  {change.symbol} {change.role}: {len(group)} {WORDS[change.symbol]}: {subjects}"
            )
            lines.append(Line(text, STYLES[change.symbol]))
    return lines


def _change(change: Change, host: str, members: int, diffs: _Diffs) -> list[Line]:
    title = f"  {change.heading}"
    style = STYLES[change.symbol]
    if change in diffs.shown:
        return after(title, f"{change.summary} (same diff as on {diffs.shown[change]})", style)
    everywhere = diffs.hosts[change]
    note = f" (same diff on {everywhere} hosts)" if change.lines and everywhere > members else ""
    lines = after(title, change.summary + note, style)
    if change.lines:
        diffs.shown[change] = host
    for text in change.lines:
        lines += indented(text, "      ", diff_style(text), quoted=True)
    return lines


def _others(found: FleetPlan) -> list[Line]:
    lines = []
    if found.unchanged:
        lines.append(Line(f"unchanged: {some(found.unchanged)}", "faint"))
    for host, message in sorted(found.failed.items()):
        lines += after(f"{host}: could not be planned: ", message.removeprefix(f"{host}: "), "bad")
    for host, message in sorted(found.unreachable.items()):
        lines += after(f"{host}: unreachable: ", message, "bad")
    return [*lines, Line("")] if lines else []
