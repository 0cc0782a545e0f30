"""Near misses: what someone probably meant."""

import difflib
from collections.abc import Iterable


def near_misses(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words that look most like this one, the best first."""
    folded = {name.lower().replace("-", "_"): name for name in sorted(known)}
    matches = difflib.get_close_matches(word.lower().replace("-", "_"), folded, n=count, cutoff=0.6)
    return [folded[match] for match in matches]


def perhaps(word: str, known: Iterable[str]) -> str | None:
    """A sentence that names near misses, or None where nothing looks alike."""
    matches = near_misses(word, known)
    return f"Perhaps {' or '.join(matches)} was meant" if matches else None


def suggest(word: str, known: Iterable[str]) -> str:
    """Near misses, else everything that is known."""
    names = sorted(known)
    return perhaps(word, names) or f"Known: {', '.join(names) or 'none'}"
