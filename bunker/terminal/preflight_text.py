"""What a preflight found, as lines: what to settle first, and what an operator should know."""

from collections.abc import Sequence

from bunker.errors import BunkerError
from bunker.terminal.lines import Line, Style, after, count, indented
from bunker.terminal.plan_text import STYLES
from bunker.terminal.recap_text import Repeat
from bunker.workflows.preflight import Finding


def preflight_lines(found: Sequence[Finding], repeat: Repeat) -> list[Line]:
    """One block a host, then the total and the command that deploys what is ready."""
    lines = [line for finding in found for line in [*finding_lines(finding), Line("")]]
    ready = [finding.host for finding in found if finding.ready]
    lines.append(
        Line(
            f"Preflight: {len(ready)} of {count(len(found), 'host')} ready to deploy;"
            " nothing was changed",
            "heading",
        )
    )
    if ready:
        hosts = " ".join(f"--host {name}" for name in ready)
        lines.append(Line(f"Deploy with: {repeat.deploy} {hosts}"))
    return lines


def finding_lines(finding: Finding) -> list[Line]:
    """One host: its verdict, every problem, then removals, restarts and notes."""
    style: Style = "good" if finding.ready else "bad"
    lines = after(f"{finding.host}: ", finding.verdict, style)
    for number, problem in enumerate(finding.problems, start=1):
        lines += _problem(number, problem)
    for change in finding.removals:
        lines += after(f"  {change.heading}", change.summary, STYLES[change.symbol])
        for text in change.lines:
            lines += indented(text, "      ", "remove", quoted=True)
    if finding.restarts:
        lines += after("  restarts: ", ", ".join(finding.restarts), "warn")
    for note in finding.notes:
        lines += after("  note: ", note, "warn")
    return lines


def _problem(number: int, problem: BunkerError) -> list[Line]:
    place = f"{problem.where}: " if problem.where else ""
    end = f"; expected {problem.expected}" if problem.expected else ""
    lines = after(f"  {number}. ", f"{place}{problem.problem}{end}")
    if problem.remedy:
        lines += after("     → ", problem.remedy)
    return lines
