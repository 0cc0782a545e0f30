"""Lines of terminal output before they are printed: text and what it means, not how it looks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bunker.printable import printable

Style = Literal["", "heading", "add", "change", "remove", "faint", "good", "bad", "warn"]


@dataclass(frozen=True)
class Line:
    """One line; ``style`` says what it means, and a terminal may show that as a colour.

    Whatever it is made of, it is printable: see :mod:`bunker.printable`. A row of a table that may
    be cut to the width of a terminal has ``cells`` and the ``widths`` of its columns, of which the
    first ``firm`` are cut last; one that is not cut has none. What was not worded here, such as the
    line of a diff or of a log, is ``quoted``, and never broken in two.
    """

    text: str
    style: Style = ""
    cells: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    firm: int = 1
    quoted: bool = field(default=False, kw_only=True)

    def within(self, width: int) -> str:
        """The text in so many columns: a row of a table is cut to them, else it is as it is."""
        if len(self.text) <= width or not self.widths:
            return self.text
        return joined(self.cells, fitted(self.widths, width, self.firm))

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", printable(self.text))


def plain(lines: Iterable[Line]) -> str:
    """The lines as text without colours."""
    return "".join(f"{line.text}\n" for line in lines)


def indented(text: str, indent: str, style: Style = "", *, quoted: bool = False) -> list[Line]:
    """Text of one or more lines, every line indented."""
    return [Line(f"{indent}{line}".rstrip(), style, quoted=quoted) for line in text.splitlines()]


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
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    styles: Sequence[Style] = (),
    *,
    whole: bool = False,
    firm: int = 1,
) -> list[Line]:
    """Columns aligned with two blanks between them; ``styles`` are those of the rows, if any.

    On a narrow terminal the widest columns but the first ``firm`` ones are cut, with a mark; unless
    ``whole``, where what stands in them is there to be copied.
    """
    clean = [tuple(printable(cell) for cell in row) for row in (headers, *rows)]
    widths = tuple(max(map(len, column)) for column in zip(*clean, strict=True))
    looks: Sequence[Style] = ["heading", *(styles or [""] * len(rows))]
    return [
        Line(joined(row, widths), style, row, () if whole else widths, firm)
        for row, style in zip(clean, looks, strict=True)
    ]


def fitted(widths: Sequence[int], width: int, firm: int = 1) -> list[int]:
    """Widths of columns that fit into a line; the first ones are cut last, a name of all last."""
    found = list(widths)
    room = width - 2 * (len(found) - 1)
    turns = [range(firm, len(found)), range(1, min(firm, len(found))), range(1)]
    for columns in turns:
        while sum(found) > room and columns:
            widest = max(columns, key=lambda column: found[column])
            if found[widest] <= NARROWEST:
                break
            found[widest] -= 1
    return found


def joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One row of a table."""
    parts = (cut(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(parts).rstrip()


def cut(text: str, width: int) -> str:
    """A text that is no longer than that, with a mark where something is missing."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


NARROWEST = 6
"""No column is cut to less."""
