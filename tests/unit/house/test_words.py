"""The field's words in code, output and docs: one word for each thing, not its former ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
FORBIDDEN = {
    r"way[ _-]?backs?": "rollback",
    r"going[ _-]?back": "rollback",
    r"(goes|go|went|gone)[ _]back": "roll back",
    r"(take|takes|taken|taking|took)[ _]up": "resume",
    r"still well|unwell|(?-i:WELL)": "healthy, SUCCEEDED",
    r"(is|are|all) well(?! as\b)|ends?(ed)? well": "healthy, succeeded",
    r"did not make it": "failed",
    r"judge?ments?|judge|judges|judged|judging": "analyse, classify, check",
    r"in[ _]clear": "in plaintext",
    r"mend|mends|mended|mending": "fix",
    r"(?-i:Whole:)|(?-i:NOT WHOLE)": "chain intact, chain broken",
    r"note_\w+": "record_*",
    r"nobody|somebody": "no one, or what it is",
}
ALLOWED = {
    ("bunker/events.py", "judgement"): "the event's name in --json, which programs read",
    ("bunker/journal/records.py", "judgements"): "the key in --json, which programs read",
    (
        "bunker/cli/options.py",
        "judgement",
    ): "the option's former name, which scripts of operators use",
    ("bunker/canary_analysis/analysis.py", "judging"): "the title of a paper",
    ("bunker/approvals/ssh_keys.py", "nobody"): "a user of every Linux",
    ("deploys/stack/decision.py", "goes back"): "the line of a plan, known to programs",
}
"""By file and word: why it stays."""
WORD = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(FORBIDDEN)})(?![A-Za-z])", re.IGNORECASE)
ENDINGS = {".py", ".sh", ".md", ".j2", ".yaml", ".yml", ".toml", ".service", ".timer"}


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the product by its path."""
    for top in (
        "bunker",
        "deploys",
        "templates",
        "files",
        "docs",
        "README.md",
        "CHANGELOG.md",
        "tasks.py",
    ):
        place = ROOT / top
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in ENDINGS and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text()


def found() -> Iterator[tuple[str, str, int]]:
    for name, text in texts():
        for number, line in enumerate(text.splitlines(), 1):
            # Names of tests, which docs/testing.md lists, say what they say.
            shown = re.sub(r"`(unit|fake|lab|deep)/[\w/]+::\w+`", "", line)
            for match in WORD.finditer(shown):
                yield name, match.group().lower(), number


def test_no_former_word_stands_in_the_product() -> None:
    wrong = [
        f"{name}:{number}: {word}" for name, word, number in found() if (name, word) not in ALLOWED
    ]
    assert not wrong, "\n".join(wrong)


def test_every_word_that_is_allowed_is_still_there() -> None:
    assert set(ALLOWED) <= {(name, word) for name, word, _number in found()}


def test_a_former_word_is_seen_in_a_name_in_a_sentence_and_at_its_end() -> None:
    for text in (
        "the way back",
        "_way_back(",
        "nobody.",
        "it is judged",
        "all is well",
        "a mended",
    ):
        assert WORD.search(text), text
    for text in ("is well as", "no one", "recommended", "takes an upgrade", "rolls back", "a note"):
        assert not WORD.search(text), text
