"""`roles` in a host's file: what does not fit is one sentence with its place."""

from __future__ import annotations

import pytest

from bunker.errors import Problems
from tests.unit.fleet.conftest import Repository


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("{earlyom: true}", "roles.earlyom is not a known key. Perhaps earlyoom was meant"),
        ("{earlyoom: 7}", "roles.earlyoom is 7; expected true, false or its settings"),
        ("{earlyoom: {least_free_percent: 0}}", "roles.earlyoom.least_free_percent is 0"),
        ("{docker: {least_free_percent: 9}}", "roles.docker.least_free_percent is not a known key"),
    ],
)
def test_a_wrong_choice_is_one_sentence(repository: Repository, choice: str, sentence: str) -> None:
    file = repository.host("north")
    file.write_text(f"{file.read_text()}roles: {choice}\n")
    with pytest.raises(Problems) as caught:
        repository.load()
    assert sentence in str(caught.value)
