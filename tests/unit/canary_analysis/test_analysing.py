"""Analysing changed hosts: pass, fail, or inconclusive where too little is known."""

import dataclasses
import json
import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bunker.canary_analysis import CanaryAnalysis, Window, analyse
from bunker.canary_analysis.analysis import SEVERITY, wilson
from bunker.fleet.settings import RolloutSettings

LIMITS = RolloutSettings()
BOUNDS = (0.1, 0.25, 0.5, 1.0, math.inf)


def window(requests: float, errors: float = 0, slow: float = 0) -> Window:
    """``slow`` of the answers took between half a second and one, all others less than 0.1."""
    fast = requests - slow
    counts = (fast, fast, fast, requests, requests)
    return Window(600, requests, errors, dict(zip(BOUNDS, counts, strict=True)))


def outcome(
    changed: Window | None, before: Window | None = None, elsewhere: Window | None = None
) -> str:
    peers = {} if elsewhere is None else {"north-2": elsewhere}
    return analyse({"north-1": changed}, {"north-1": before}, peers, LIMITS).outcome


def test_few_errors_among_many_requests_pass() -> None:
    found = analyse({"north-1": window(1000, 3)}, {}, {}, LIMITS)
    assert found.outcome == "pass"
    assert found.reasons == ("1000 requests, 3 errors: no worse than it may be",)


def test_many_errors_fail_and_the_reason_has_the_numbers() -> None:
    found = analyse({"north-1": window(1000, 120)}, {"north-1": window(5000, 10)}, {}, LIMITS)
    assert found.outcome == "fail"
    assert found.reasons == (
        "north-1: 120 of 1000 requests failed (12 %), 5 % may; 0.2 % before the change",
    )


def test_one_error_of_twenty_fails_nobody_it_is_too_little() -> None:
    found = analyse({"north-1": window(20, 1)}, {}, {}, LIMITS)
    assert found.outcome == "inconclusive"
    assert "1 of 20 requests failed (5 %); 50 requests are needed" in found.reasons[0]


def test_a_ratio_that_chance_explains_is_inconclusive() -> None:
    assert outcome(window(50, 3)) == "inconclusive"


def test_too_few_requests_are_inconclusive_and_counted() -> None:
    found = analyse({"north-1": window(12)}, {}, {}, LIMITS)
    assert found.outcome == "inconclusive"
    assert found.reasons == ("north-1: only 12 requests, 50 are needed",)


def test_when_nearly_everything_fails_few_requests_are_enough() -> None:
    assert outcome(window(14, 12)) == "fail"
    assert outcome(window(14, 9)) == "inconclusive"


def test_a_host_without_metrics_is_inconclusive_never_well() -> None:
    found = analyse({"north-1": None, "north-2": window(1000)}, {}, {}, LIMITS)
    assert found.outcome == "inconclusive"
    assert found.reasons == ("north-1: it gave no metrics",)


def test_without_any_host_nothing_is_proven() -> None:
    assert analyse({}, {}, {}, LIMITS).outcome == "inconclusive"


def test_errors_that_were_there_before_are_not_the_changes_fault() -> None:
    assert outcome(window(1000, 100), window(1000, 95)) == "pass"


def test_errors_that_unchanged_hosts_have_too_are_inconclusive() -> None:
    assert outcome(window(1000, 300), window(1000, 1), window(4000, 1300)) == "inconclusive"
    assert outcome(window(1000, 300), window(1000, 1), window(4000, 4)) == "fail"


def test_a_past_of_a_few_requests_is_no_past() -> None:
    assert outcome(window(1000, 100), window(10, 1)) == "fail"


def test_answers_far_slower_than_before_fail() -> None:
    found = analyse({"n": window(1000, slow=200)}, {"n": window(1000)}, {}, LIMITS)
    assert found.outcome == "fail"
    assert "5 % of the answers take 875 ms or longer, 250 ms may" in found.reasons[0]


def test_a_slower_percentile_of_few_requests_is_inconclusive() -> None:
    assert outcome(window(60, slow=4), window(1000)) == "inconclusive"


def test_slowness_only_counts_against_something() -> None:
    assert outcome(window(1000, slow=500)) == "pass"


def test_slow_as_before_or_as_elsewhere_passes() -> None:
    assert outcome(window(1000, slow=200), window(1000, slow=200)) == "pass"
    assert outcome(window(1000, slow=200), window(1000), window(1000, slow=200)) == "pass"


def test_below_a_quarter_of_a_second_nothing_counts_as_slow() -> None:
    quick = Window(60, 1000, 0, {0.005: 1000, 0.25: 1000, math.inf: 1000})
    slower = Window(60, 1000, 0, {0.005: 0, 0.25: 1000, math.inf: 1000})
    assert outcome(slower, quick) == "pass"


def test_one_failing_host_fails_all_and_comes_first() -> None:
    hosts = {"a": None, "b": window(1000, 500), "c": window(1000)}
    found = analyse(hosts, {}, {}, LIMITS)
    assert found.outcome == "fail"
    assert [reason.split(":")[0] for reason in found.reasons] == ["b", "a"]


def test_a_restart_while_watching_is_told_with_a_bad_outcome() -> None:
    changed = dataclasses.replace(window(1000, 500), restarted=True)
    assert "started anew" in analyse({"a": changed}, {}, {}, LIMITS).reasons[-1]


def test_the_settings_of_a_fleet_are_limits() -> None:
    strict = RolloutSettings(max_error_ratio=0.0)
    assert analyse({"a": window(1000, 1)}, {}, {}, strict).outcome == "fail"


def test_an_analysis_survives_being_written_down() -> None:
    found = analyse({"a": window(1000, 500), "b": None}, {"a": window(99)}, {}, LIMITS)
    assert CanaryAnalysis.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    ("events", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_bounds_are_those_of_newcombes_table_of_1998(
    events: int, total: int, low: float, high: float
) -> None:
    assert wilson(events, total, 1.959964) == pytest.approx((low, high), abs=6e-5)


COUNTS = st.integers(0, 3000)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    requests = draw(COUNTS)
    return window(requests, draw(st.integers(0, requests)), draw(st.integers(0, requests)))


MAYBE = st.none() | windows()


@given(windows(), MAYBE, MAYBE, st.integers(1, 500))
@example(window(10, 0, 0), window(50, 34, 0), None, 10)
def test_more_errors_never_make_it_better(
    changed: Window, before: Window | None, elsewhere: Window | None, more: int
) -> None:
    errors = min(changed.requests, changed.errors + more)
    worse = dataclasses.replace(changed, errors=errors)
    found, then = outcome(changed, before, elsewhere), outcome(worse, before, elsewhere)
    assert SEVERITY[then] >= SEVERITY[found]  # type: ignore[index]


@given(windows(), MAYBE, MAYBE, st.integers(1, 500))
def test_slower_answers_never_make_it_better(
    changed: Window, before: Window | None, elsewhere: Window | None, more: int
) -> None:
    slow = min(changed.requests, changed.requests - changed.buckets[0.1] + more)
    worse = window(changed.requests, changed.errors, slow)
    found, then = outcome(changed, before, elsewhere), outcome(worse, before, elsewhere)
    assert SEVERITY[then] >= SEVERITY[found]  # type: ignore[index]


@given(windows(), MAYBE, MAYBE, st.integers(2, 50))
def test_the_same_ratios_of_more_requests_stay_a_failure(
    changed: Window, before: Window | None, elsewhere: Window | None, factor: int
) -> None:
    assume(outcome(changed, before, elsewhere) == "fail")

    def more(one: Window | None) -> Window | None:
        if one is None or one.requests < LIMITS.minimum_requests:
            return None
        buckets = {bound: count * factor for bound, count in one.buckets.items()}
        return Window(one.seconds, one.requests * factor, one.errors * factor, buckets)

    scaled = more(dataclasses.replace(changed))
    assume(scaled is not None)
    assert outcome(scaled, more(before), more(elsewhere)) == "fail"


@given(st.dictionaries(st.sampled_from("abcdef"), MAYBE, min_size=1), MAYBE)
def test_names_and_order_of_hosts_do_not_matter(
    hosts: dict[str, Window | None], before: Window | None
) -> None:
    past = dict.fromkeys(hosts, before)
    found = analyse(hosts, past, {}, LIMITS)
    turned = analyse(dict(reversed(hosts.items())), past, {}, LIMITS)
    assert found == turned
    alone = [analyse({name: one}, past, {}, LIMITS).outcome for name, one in hosts.items()]
    assert found.outcome == max(alone, key=lambda word: SEVERITY[word])


@given(windows(), MAYBE, MAYBE)
def test_every_outcome_but_a_pass_has_a_reason(
    changed: Window, before: Window | None, elsewhere: Window | None
) -> None:
    peers = {"p": elsewhere}
    found = analyse({"a": changed}, {"a": before}, peers, LIMITS)
    assert found.reasons
    assert found.outcome == "pass" or found.reasons[0].startswith("a: ")
