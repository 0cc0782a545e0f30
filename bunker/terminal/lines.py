"""Lines of terminal output before they are printed: text and what it means, not how it looks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bunker.printable import printable

Style = Literal["", "heading", "add", "change", "remove", "faint", "good", "bad", "warn"]


@dataclass(frozen=True)
class Line:
    """One line; ``style`` says what it means, and a terminal may show that as a colour.

    Whatever it is made of, it is printable: see :mod:`bunker.printable`.
    """

    text: str
    style: Style = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", printable(self.text))


def plain(lines: Iterable[Line]) -> str:
    """The lines as text without colours."""
    return "".join(f"{line.text}\n" for line in lines)


def indented(text: str, indent: str, style: Style = "") -> list[Line]:
    """Text of one or more lines, every line indented."""
    return [Line(f"{indent}{line}".rstrip(), style) for line in text.splitlines()]


def after(prefix: str, text: str, style: Style = "") -> list[Line]:
    """A prefix and a text; further lines of the text stand under the first, indented."""
    first, *rest = text.splitlines() or [""]
    lines = [Line(f"{prefix}{first}".rstrip(), style)]
    return lines + [Line(f"    {line}".rstrip(), style) for line in rest]


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 host``, ``3 hosts``, ``2 batches`` with a plural of its own."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def some(names: Sequence[str], most: int = 6) -> str:
    """All names where they are few, else the first ones and how many more there are."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[Style] = ()
) -> list[Line]:
    """Columns aligned with two blanks between them; ``styles`` are those of the rows, if any."""
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(headers, *clean, strict=True)]

    def joined(cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return "  ".join(padded).rstrip()

    looks = styles or [""] * len(clean)
    body = [Line(joined(row), style) for row, style in zip(clean, looks, strict=True)]
    return [Line(joined(headers), "heading"), *body]
