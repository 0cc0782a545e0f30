"""Whether a page shows what a command says, apart from times, names of runs and the like. Pure.

Words are compared in their order, so it does not matter where a line is broken. `…` on a page
stands for anything, also for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

_UNIT = r"(?:ms|s|m|h|d|min|days?|hours?|minutes?|seconds?)"
CHANGING = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"\b\d{8}T\d{6}Z-[0-9a-f]{4,}", "RUN"),
        (r"\bSHA256:[\w+/]+=*", "FINGERPRINT"),
        (r"\bage1[0-9a-z]{20,}", "RECIPIENT"),
        (r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:\+00:00|Z)?)?", "WHEN"),
        (r"\b\d\d:\d\d(?::\d\d)?(?:\.\d+)?\b", "WHEN"),
        (r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b", "HEX"),
        (rf"\b\d+(?:\.\d+)?\s?{_UNIT}\b(?:\s?\d+\s?{_UNIT}\b)*", "TIME"),
        (r"\b\d+(?:\.\d+)?\s?(?:[kMG]B|%)", "SIZE"),
        (r"\b\d+ requests?\b", "COUNT requests"),
        (r"\b10(?:\.\d+){3}\b", "ADDRESS"),
    )
)


def settled(text: str) -> str:
    """The text with a word for each thing that differs from run to run, and single spaces."""
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    # A box's and a rule's length follow the width.
    text = re.sub(r"[─━]{2,}", "──", text)
    return " ".join(text.split())


def shows(page: Sequence[str], said: Sequence[str]) -> bool:
    """Whether the lines of a page show what was said."""
    wanted = settled("\n".join(page))
    parts = [re.escape(part.strip()) for part in wanted.split("…")]
    pattern = r"\s*.*?\s*".join(parts)
    if re.fullmatch(pattern, settled("\n".join(said)), re.DOTALL):
        return True
    # Hosts answer in any order.
    return sorted(map(settled, page)) == sorted(map(settled, said))


def shown_anew(page: Sequence[str], said: Sequence[str]) -> list[str]:
    """The page's lines with what is said now: what it leaves out stays left out.

    A line of the page takes the line that is most like it, behind that of the line before.
    """
    lines: list[str] = []
    at = 0
    left_out = False
    for line in page:
        if line.strip() == "…":
            left_out = True
            continue
        found = _most_alike(line, said, at)
        if found is None:
            continue
        if found > at and not left_out:
            lines += said[at:found]
        elif found > at:
            lines.append(f"{' ' * (len(said[found]) - len(said[found].lstrip()))}…")
        lines.append(said[found])
        at, left_out = found + 1, False
    if at < len(said):
        lines += ["…"] if left_out else said[at:]
    return lines


def _most_alike(line: str, said: Sequence[str], start: int) -> int | None:
    ours = settled(line)
    best, place = 0.6, None
    for number in range(start, len(said)):
        alike = SequenceMatcher(None, ours, settled(said[number]), autojunk=False).ratio()
        if alike > best:
            best, place = alike, number
    return place
