"""docs/testing.md says truthfully which test proves which promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import promises
from tests.promises import Proof, matches, proofs, readme_promises, table

PROMISED = readme_promises((promises.ROOT / "README.md").read_text())
PROOFS = list(proofs())


def test_the_readmes_promises_are_found() -> None:
    assert "Secrets stay secret" in PROMISED
    assert "If the control machine dies in the middle, the server rolls back by itself" in PROMISED
    assert "A canary without visitors cannot be analysed" in PROMISED
    assert len(PROMISED) >= 15


@pytest.mark.parametrize("promise", PROMISED)
def test_every_promise_of_the_readme_has_a_test_in_nox(promise: str) -> None:
    tests = [proof for proof in PROOFS if matches(proof, promise, PROMISED)]
    assert [proof for proof in tests if proof.tier != "deep"], "mark a test with it"


def test_the_page_is_up_to_date() -> None:
    text = promises.PAGE.read_text()
    assert promises.page(text) == text, "run: python -m tests.promises"


def test_a_test_says_what_it_proves_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "tests/lab/test_thing.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        '@pytest.mark.promise("Doors open")\n'
        '@pytest.mark.promise("a hinge that rusts is oiled")\n'
        "def test_door(): ...\n"
    )
    found = list(proofs(tmp_path / "tests"))
    test = "tests/lab/test_thing.py::test_door"
    assert found == [Proof("Doors open", test), Proof("a hinge that rusts is oiled", test)]
    seconds = {f"{test}[wood]": 2.0, f"{test}[glass]": 1.4}
    assert table(found, ["Doors open and close"], seconds).splitlines()[2:] == [
        "| Doors open and close | `lab/test_thing::test_door` | lab | 3 |",
        "| a hinge that rusts is oiled | `lab/test_thing::test_door` | lab | 3 |",
    ]
