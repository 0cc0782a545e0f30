"""When rollouts may start: days, hours, time zones, clock changes, and what a refusal says."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.approvals.windows import (
    DAYS,
    check_window,
    in_words,
    is_open,
    next_opening,
    window_text,
)
from bunker.errors import BunkerError, Problems
from bunker.fleet.settings import FleetSettings, Policy, Window

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAYS = Window(days=("tue",), start=time(14), end=time(17), timezone="Europe/Berlin")
NIGHTS = Window(days=("tue",), start=time(22), end=time(6), timezone="Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24 13:59:59", False),
        ("2026-11-24 14:00", True),
        ("2026-11-24 16:59:59", True),
        ("2026-11-24 17:00", False),
        ("2026-11-25 15:00", False),
    ],
)
def test_a_window_is_open_from_its_start_until_just_before_its_end(
    moment: str, expected: bool
) -> None:
    assert is_open(TUESDAYS, at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24 05:00", False),
        ("2026-11-24 22:00", True),
        ("2026-11-25 05:59", True),
        ("2026-11-25 06:00", False),
        ("2026-11-25 22:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens(
    moment: str, expected: bool
) -> None:
    assert is_open(NIGHTS, at(moment)) is expected


def test_equal_times_are_a_whole_day() -> None:
    whole = Window(days=("tue",), start=time(8), end=time(8), timezone="UTC")
    assert next_opening(whole, at("2026-11-24 07:00", ZoneInfo("UTC"))) == at(
        "2026-11-24 08:00", ZoneInfo("UTC")
    )
    assert is_open(whole, at("2026-11-25 07:59", ZoneInfo("UTC")))
    assert not is_open(whole, at("2026-11-25 08:00", ZoneInfo("UTC")))


def test_a_window_opens_at_its_local_time_before_and_after_a_clock_change() -> None:
    # Clocks go back on 25 October 2026.
    assert next_opening(TUESDAYS, at("2026-10-19 12:00")).astimezone(UTC).hour == 12
    assert next_opening(TUESDAYS, at("2026-10-26 12:00")).astimezone(UTC).hour == 13


def test_an_hour_that_comes_twice_is_meant_once() -> None:
    sundays = Window(days=("sun",), start=time(2), end=time(2, 30), timezone="Europe/Berlin")
    assert is_open(sundays, at("2026-10-25 02:15", fold=0))
    assert not is_open(sundays, at("2026-10-25 02:15", fold=1))
    long = Window(days=("sun",), start=time(1), end=time(4), timezone="Europe/Berlin")
    assert is_open(long, at("2026-10-25 02:15", fold=1))


def test_an_hour_that_is_skipped_counts_an_hour_later() -> None:
    sundays = Window(days=("sun",), start=time(2, 30), end=time(5), timezone="Europe/Berlin")
    opens = next_opening(sundays, at("2026-03-29 00:00"))
    assert (opens.hour, opens.minute) == (3, 30)
    swallowed = Window(days=("sun",), start=time(2, 30), end=time(3, 15), timezone="Europe/Berlin")
    assert next_opening(swallowed, at("2026-03-29 00:00")).date().isoformat() == "2026-04-05"


windows = st.builds(
    lambda days, start, end, timezone: Window(days=days, start=start, end=end, timezone=timezone),
    days=st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple),
    start=st.times().map(lambda value: value.replace(second=0, microsecond=0)),
    end=st.times().map(lambda value: value.replace(second=0, microsecond=0)),
    timezone=st.sampled_from(
        ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
    ),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))


@given(windows, moments)
def test_the_next_opening_is_open_and_never_in_the_past(window: Window, now: datetime) -> None:
    opens = next_opening(window, now)
    assert opens >= now
    assert is_open(window, opens)
    assert (opens == now) is is_open(window, now)


@given(windows, moments, st.floats(0, 0.999))
def test_before_the_next_opening_it_is_closed(window: Window, now: datetime, part: float) -> None:
    opens = next_opening(window, now)
    if opens > now:
        assert not is_open(window, now + part * (opens - now))


def policies(**windows: Window) -> FleetSettings:
    return FleetSettings(policies={name: Policy(window=item) for name, item in windows.items()})


def test_a_refusal_names_the_group_the_window_and_when_it_opens() -> None:
    with pytest.raises(BunkerError) as caught:
        check_window(policies(canary=TUESDAYS), ["canary", "all"], at("2026-11-22 11:00"))
    assert str(caught.value) == (
        "rollouts of group canary are allowed tue 14:00–17:00 (Europe/Berlin);"
        " the next window opens Tue 24 Nov 14:00, in 2 days 3 h."
    )
    assert caught.value.exit_code == 9


def test_a_rollout_may_start_where_nothing_is_asked_for_or_every_window_is_open() -> None:
    check_window(FleetSettings(), ["all"], at("2026-11-22 11:00"))
    settings = policies(canary=TUESDAYS, all=TUESDAYS, others=NIGHTS)
    check_window(settings, ["canary", "all"], at("2026-11-24 15:00"))
    with pytest.raises(Problems, match="no rollout may start now"):
        check_window(settings, ["canary", "all"], at("2026-11-24 18:00"))
    with pytest.raises(BunkerError, match="group others"):
        check_window(settings, ["canary", "all", "others"], at("2026-11-24 15:00"))


def test_windows_and_lengths_read_as_people_say_them() -> None:
    assert window_text(Window.model_validate({"from": "22:00", "to": "06:00"})) == (
        "every day 22:00–06:00 of the next day (UTC)"
    )
    assert window_text(Window(days=("wed", "tue"), start=time(1), end=time(2, 30))) == (
        "tue, wed 01:00–02:30 (UTC)"
    )
    assert in_words(timedelta(minutes=59, seconds=1)) == "in 1 h"
    assert in_words(timedelta(hours=3, minutes=5)) == "in 3 h 5 min"
    assert in_words(timedelta(days=1)) == "in 1 day"
