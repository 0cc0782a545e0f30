"""A host's clock is called wrong only where it is, however long its answer took."""

import pytest

from bunker.ops.clock import clock_note

NOW = 1_900_000_000.0


@pytest.mark.parametrize("clock", [None, NOW - 59, NOW, NOW + 30, NOW + 400])
def test_a_clock_that_is_right_or_not_told_is_no_news(clock: float | None) -> None:
    """It was read at some moment of an answer that took six minutes."""
    assert clock_note(clock, NOW, NOW + 360) == ""


def test_a_clock_that_is_wrong_is_told_with_how_much_and_which_way() -> None:
    assert clock_note(NOW - 7200, NOW, NOW + 2).startswith(
        "the clock of the host is 2h behind that of this machine: "
    )
    ahead = clock_note(NOW + 92, NOW, NOW + 2)
    assert ahead.startswith("the clock of the host is 1m30s ahead of that of this machine: ")
