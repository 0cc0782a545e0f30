"""What a check of migrations says: one line a statement, and why."""

from collections.abc import Iterable

from bunker.terminal.lines import Line, after, count
from bunker.workflows.schema_check import Checked


def schema_lines(checked: Iterable[Checked]) -> list[Line]:
    """``file:line: verdict: statement``, and below it the reasons."""
    lines: list[Line] = []
    migrations = list(checked)
    for one in migrations:
        for statement in one.safety.statements:
            place = f"{one.file}:{statement.line}: {statement.verdict}: {statement.short}"
            lines += after("", place, "good" if statement.verdict == "safe" else "bad")
            reasons = statement.reasons
            if statement.verdict == "not understood" and statement.text:
                reasons = ("is none of the statements that are known to be harmless",)
            for reason in reasons:
                lines += after("    ", reason)
    unsafe = [one.safety.name for one in migrations if not one.safe]
    total = count(len(migrations), "migration")
    if unsafe:
        lines.append(Line(f"{total}, not safe for the older code: {', '.join(unsafe)}", "bad"))
    else:
        lines.append(Line(f"{total}: safe for the older code", "good"))
    return lines
