"""Generations and their differences as lines."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bunker.duration import describe_duration
from bunker.generations import Difference, Generation, Step, steps
from bunker.terminal.lines import Line, Style, count, indented, table

HEADERS = ("GENERATION", "REF", "WHEN", "STATE", "CHANGED", "COMMIT", "RUN")
FIRM = 4
"""Columns that a narrow terminal shows whole as long as it can."""
MOST_COMMITS = 20
NOW_SECONDS = 5


def history_lines(
    host: str, generations: Sequence[Generation], now: datetime | None = None
) -> list[Line]:
    """A host's generations, the newest first; ``now`` None is the clock's time."""
    if not generations:
        return [Line(f"{host}: nothing was ever deployed", "faint")]
    newest_first = list(reversed(steps(generations)))
    rows = [_row(step, now or datetime.now(UTC)) for step in newest_first]
    looks: list[Style] = ["faint" if step.rolled_back else "" for step in newest_first]
    return [
        Line(f"{host}: {count(len(rows), 'generation')}", "heading"),
        *table(HEADERS, rows, looks, firm=FIRM),
    ]


def _row(step: Step, now: datetime) -> list[str]:
    generation = step.generation
    return [
        f"#{generation.number}",
        generation.ref,
        relative_time(generation.time, now),
        ", ".join(_marks(step)),
        _changed(step),
        generation.commit[:7],
        generation.run,
    ]


def _changed(step: Step) -> str:
    if step.generation.rollback_to is not None:
        return f"back to #{step.generation.rollback_to}"
    if step.changed is None:
        return "unknown"
    if step.generation.number == 1:
        return "first"
    return ", ".join(step.changed) or "nothing"


def _marks(step: Step) -> list[str]:
    marks = ["current"] if step.current else []
    if step.rolled_back:
        marks.append("rolled back")
    if not step.generation.kept:
        marks.append("files not kept")
    return marks


def difference_lines(host: str, found: Difference, now: datetime) -> list[Line]:
    """What differs, part by part; every part says so where it is equal or not known."""
    old, new = found.old, found.new
    lines = [
        Line(f"{host}: generation {_named(old, now)} → {_named(new, now)}", "heading"),
        *_commits(found),
        *_images(found),
        *_configuration(found),
        *_migrations(found),
    ]
    if found.nothing:
        lines.append(Line("nothing differs", "good"))
    return lines


def _named(generation: Generation, now: datetime) -> str:
    return f"#{generation.number} ({generation.ref}, {relative_time(generation.time, now)})"


def _commits(found: Difference) -> list[Line]:
    old, new = found.old.commit, found.new.commit
    if old == new:
        return [Line(f"code: the same commit {new[:7]}", "faint")]
    lines = [Line(f"code: {old[:7]} → {new[:7]}", "change")]
    if found.added is None or found.removed is None:
        text = "  which commits lie between is not known: the checkout has not got both any more"
        return [*lines, Line(text, "warn")]
    sides: tuple[tuple[str, Sequence[str], Style], ...] = (
        ("+", found.added, "add"),
        ("-", found.removed, "remove"),
    )
    for sign, commits, style in sides:
        for commit in commits[:MOST_COMMITS]:
            lines += indented(f"{sign} {commit}", "  ", style, quoted=True)
        if len(commits) > MOST_COMMITS:
            lines.append(Line(f"  {sign} … {len(commits) - MOST_COMMITS} more", "faint"))
    return lines


def _images(found: Difference) -> list[Line]:
    if not found.images:
        return [Line("images: the same", "faint")]
    lines = [Line(f"images: {count(len(found.images), 'service')} changed", "change")]
    for service, image in found.images.items():
        lines += indented(f"{service}: {_image(image.old)} → {_image(image.new)}", "  ")
    return lines


def _image(identity: str | None) -> str:
    return "none" if identity is None else identity.removeprefix("sha256:")[:12]


def _configuration(found: Difference) -> list[Line]:
    if found.files is None:
        numbers = " and ".join(f"#{number}" for number in found.missing)
        same = found.old.configuration == found.new.configuration
        known = "the fingerprints are equal" if same else "the fingerprints differ"
        return [Line(f"configuration: the files of {numbers} are not kept; {known}", "warn")]
    if not found.files:
        return [Line("configuration: the same", "faint")]
    lines = [Line(f"configuration: {count(len(found.files), 'file')} changed", "change")]
    for file in found.files:
        lines += indented(file.path, "  ")
        for line in file.lines:
            lines += indented(line, "    ", quoted=True)
    return lines


def _migrations(found: Difference) -> list[Line]:
    old, new = found.old.migration_head, found.new.migration_head
    if old == new:
        return [Line(f"migrations: none between (newest: {new or 'none'})", "faint")]
    lines = [Line(f"migrations: {old or 'none'} → {new or 'none'}", "change")]
    if found.backwards:
        text = "  the newer generation has fewer: the database was restored in between"
        lines.append(Line(text, "warn"))
    for item in found.migrations:
        sign = "-" if found.backwards else "+"
        lines += indented(f"{sign} {item.name}", "  ", "remove" if found.backwards else "add")
        for reason in item.reasons:
            lines += indented(f"{reason}: code of before may not work after it", "      ", "warn")
    return lines


def relative_time(then: datetime, now: datetime) -> str:
    """``just now``, ``20 seconds ago``, ``3 days ago``, ``in 5 minutes``; both with a time zone."""
    seconds = (now - then).total_seconds()
    if abs(seconds) < NOW_SECONDS:
        return "just now"
    words = describe_duration(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"
