"""Lengths of time, as operators write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.duration import describe_duration, format_duration, parse_duration
from bunker.errors import BunkerError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("1h30m", 5400),
        ("45", 45),
        ("1d", 86_400),
        ("1d2h3m4s", 93_784),
        (" 2H ", 7200),
        ("0", 0),
        ("1m30", 90),
    ],
)
def test_a_length_of_time_is_read_as_it_is_written(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "  ", "h", "2 h", "1.5h", "-5m", "30m2h", "2w", "s", "1h1h", "9" * 50, "٣h"]
)
def test_anything_else_is_one_clear_sentence(text):
    with pytest.raises(BunkerError, match=r"^--for: .* is no length of time; expected .*90s, 30m"):
        parse_duration(text, where="--for")


def test_a_length_beyond_any_plan_is_refused():
    with pytest.raises(BunkerError, match="longer than a hundred years"):
        parse_duration("9999999999h")


@given(st.integers(min_value=0, max_value=10**9))
def test_what_is_shown_is_read_back(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (100, "100 seconds"),
        (185, "3 minutes"),
        (7300, "2 hours"),
        (200_000, "2 days"),
    ],
)
def test_in_words_it_is_rough(seconds, words):
    assert describe_duration(seconds) == words
