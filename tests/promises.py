"""Which test proves which promise: `python -m tests.promises` writes the table of docs/testing.md.

A test says what it proves with `@pytest.mark.promise("…")`: how a promise of the README begins, or
a situation in words of its own. Seconds come from the last `nox … -- --record`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PAGE = ROOT / "docs" / "testing.md"
DURATIONS = TESTS / "durations.json"
BEGIN, END = "<!-- begin: python -m tests.promises -->", "<!-- end -->"
SHORTEST = 0.5
"""Seconds; below it a duration says more about the machine than about the test."""

NO_PROMISE = ("There are no backups yet", "In the lab these are real", "These are stand-ins")
"""Beginnings of limits that no test can show."""


@dataclass(frozen=True)
class Proof:
    """One test of one promise."""

    promise: str
    test: str

    @property
    def tier(self) -> str:
        """unit, fake, lab or deep."""
        return self.test.split("/")[1]


def proofs(folder: Path = TESTS) -> Iterator[Proof]:
    """What the tests below a folder say that they prove."""
    for file in sorted(folder.rglob("test_*.py")):
        text = file.read_text()
        if "mark.promise" in text:
            place = file.relative_to(folder.parent).as_posix()
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    for promise in _promises_of(node):
                        yield Proof(promise, f"{place}::{node.name}")


def _promises_of(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("mark.promise"):
            yield ast.literal_eval(decorator.args[0])


def readme_promises(readme: str) -> list[str]:
    """Every promise of the README: what one can rely on, the upgrade day, the limits."""
    relied = re.findall(r"^- \*\*(.+?)\*\*", _section(readme, "What you can rely on"), re.M | re.S)
    day = _section(readme, "Upgrade day").rpartition("```")[2].partition("[")[0]
    limits = re.findall(r"^- (.+?[.:;])(?: |\n|$)", _section(readme, "Limits"), re.M | re.S)
    sentences = [*relied, *re.split(r"(?<=\.)\s+", day.strip()), *limits]
    found = [_plain(sentence) for sentence in sentences]
    return [sentence for sentence in found if not sentence.startswith(NO_PROMISE)]


def _section(readme: str, title: str) -> str:
    return readme.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _plain(text: str) -> str:
    return " ".join(text.replace("*", "").split()).rstrip(".:;")


def table(found: list[Proof], promised: list[str], durations: dict[str, float]) -> str:
    """The page's table: the README's promises in its order, then what else is proven."""
    said = {proof.promise for proof in found}
    others = sorted(text for text in said if not any(one.startswith(text) for one in promised))
    rows = ["| promise | test | tier | seconds |", "|---|---|---|---|"]
    for promise in [*promised, *others]:
        tests = [proof for proof in found if matches(proof, promise, promised)]
        for number, proof in enumerate(sorted(tests, key=lambda proof: proof.test)):
            first = promise if number == 0 else ""
            name = proof.test.partition("/")[2].replace(".py::", "::")
            rows.append(f"| {first} | `{name}` | {proof.tier} | {shown(proof, durations)} |")
    return "\n".join(rows)


def shown(proof: Proof, durations: dict[str, float]) -> str:
    """Seconds of a test with all its cases, as the table has them."""
    own = (proof.test, f"{proof.test}[")
    taken = [seconds for name, seconds in durations.items() if name == own[0] or own[1] in name]
    if not taken:
        return "?" if proof.tier in ("lab", "deep") else "<1"
    return f"{sum(taken):.0f}"


def matches(proof: Proof, promise: str, promised: list[str]) -> bool:
    """Whether a test says that it proves this: the beginning is enough for the README's own."""
    return promise == proof.promise or (promise in promised and promise.startswith(proof.promise))


def recorded() -> dict[str, float]:
    """Seconds by test, of the last time that each was recorded."""
    found: dict[str, float] = json.loads(DURATIONS.read_text()) if DURATIONS.exists() else {}
    return found


def record(taken: dict[str, float]) -> None:
    """Keep what tests took just now; those that did not run keep what they had."""
    kept = recorded() | {name: round(seconds, 1) for name, seconds in taken.items()}
    there = {name for name in kept if (ROOT / name.partition("::")[0]).exists()}
    long = {name: kept[name] for name in sorted(there) if kept[name] >= SHORTEST}
    DURATIONS.write_text(json.dumps(long, indent=0) + "\n")


def page(text: str) -> str:
    """The page with the table as it should be."""
    head, _, rest = text.partition(BEGIN)
    readme = (ROOT / "README.md").read_text()
    made = table(list(proofs()), readme_promises(readme), recorded())
    return f"{head}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}"


def write() -> None:
    """Bring the page up to date."""
    PAGE.write_text(page(PAGE.read_text()))


if __name__ == "__main__":
    write()
