"""The verdicts on the corpus of migrations, held against what Postgres itself said of each."""

import json

import pytest

from bunker.application.migrations import classify_migrations
from tests.corpus.case import HISTORIES, TRUTH
from tests.corpus.cases import every_case

ALARMS_ALLOWED = 0.03


@pytest.fixture(scope="module")
def classified() -> dict[str, tuple[bool, bool]]:
    """By case: really safe, called safe."""
    truth = json.loads(TRUTH.read_text())
    return {
        case.name: (
            truth[case.name] == "safe",
            classify_migrations({"1": case.migration}, HISTORIES[case.base])[0].safe,
        )
        for case in every_case()
    }


@pytest.mark.promise("A migration that breaks older code is never called safe")
def test_no_migration_that_breaks_older_code_is_classified_as_safe(
    classified: dict[str, tuple[bool, bool]],
) -> None:
    assert len(classified) >= 300
    assert [name for name, (really, said) in classified.items() if said and not really] == []


def test_hardly_any_harmless_migration_is_classified_as_unsafe(
    classified: dict[str, tuple[bool, bool]],
) -> None:
    harmless = [said for really, said in classified.values() if really]
    assert harmless.count(False) < ALARMS_ALLOWED * len(harmless)
