"""How a planned change would go, as lines; and what may be lost, in the last ones."""

from collections.abc import Mapping, Sequence

from bunker.duration import format_duration
from bunker.journal.records import Pace
from bunker.outlook import Outlook
from bunker.terminal.lines import Line, Style, after, some

NAMED = 4
"""So many hosts of a batch are named."""
BATCHES = 5
"""So many batches are."""


def outlook_lines(outlook: Outlook) -> list[Line]:
    """Migrations that are fine, batches, soak, windows and approval; ends with an empty line."""
    lines: list[Line] = []
    for text, hosts in _by_text(outlook.notes).items():
        lines += after("Migrations: ", f"{text}{_of(hosts)}")
    if len(outlook.batches) > 1 or outlook.pace.batch:
        shown = outlook.batches[:BATCHES]
        parts = [f"{batch.name}: {some(batch.hosts, NAMED)}" for batch in shown]
        more = len(outlook.batches) - len(shown)
        parts += [f"and {more} more batches"] if more else []
        lines.append(Line(f"Batches: {'; '.join(parts)}"))
        lines.append(Line(f"Pace: {_pace(outlook.pace)}"))
    lines += [line for text in outlook.closed for line in after("Window closed: ", text, "warn")]
    if outlook.approval:
        text = f"Approval: a second operator has to agree (group {', '.join(outlook.approval)})"
        lines.append(Line(text, "warn"))
    return [*lines, Line("")] if lines else []


def risk_lines(outlook: Outlook) -> list[Line]:
    """What a rollback of the code alone does not bring back; data first."""
    lines: list[Line] = []
    for loses, title in ((True, "MAY LOSE DATA"), (False, "Cannot be undone by a rollback")):
        chosen = {
            host: [one.text for one in risks if one.loses == loses]
            for host, risks in outlook.risks.items()
        }
        found = _by_text(chosen)
        if found:
            style: Style = "bad" if loses else "warn"
            lines += [Line(""), Line(title, style)]
            for text, hosts in found.items():
                lines += after(f"  {some(hosts, NAMED)}: ", text, style)
    return lines


def _pace(pace: Pace) -> str:
    parts = [f"soak {format_duration(pace.soak_seconds)}" if pace.soak_seconds else "no soak"]
    parts.append("metrics analysed" if pace.analysed else "health alone decides")
    most = pace.max_fail
    parts.append(f"stops when more than {most} fail" if most else "stops when one fails")
    return "; ".join(parts)


def _by_text(found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The hosts of each sentence."""
    hosts: dict[str, list[str]] = {}
    for host, texts in sorted(found.items()):
        for text in texts:
            hosts.setdefault(text, []).append(host)
    return hosts


def _of(hosts: Sequence[str]) -> str:
    return f" (on {some(hosts, NAMED)})" if len(hosts) > 1 else ""
