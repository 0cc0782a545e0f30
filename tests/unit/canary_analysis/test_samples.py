"""Samples and windows: what a host's metrics say, and what happened between two readings."""

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.answers import UnreadableAnswer
from bunker.canary_analysis import Sample, Window, window
from bunker.canary_analysis.source import read_sample

METRICS = """\
http_requests_total{instance="a.example",status_code="200"} 90
http_requests_total{instance="a.example",status_code="404",method="GET"} 5
http_requests_total{status_code="404",method="POST",instance="a.example"} 1
http_requests_total{instance="a.example",status_code="500"} 4 1700000000000
http_request_duration_seconds_bucket{instance="a.example",le="0.1"} 60
http_request_duration_seconds_bucket{instance="a.example",le="0.5"} 90
http_request_duration_seconds_bucket{instance="a.example",le="+Inf"} 1e2
"""


def answer(metrics: str = METRICS, head: str = "1700000000.5 c0ffee 2026-01-01 ") -> str:
    return f"@@bunker process\n{head}\n@@bunker metrics\n{metrics}@@bunker end\n"


def sample(**requests: float) -> Sample:
    return Sample(1000.0, {code.strip("_"): n for code, n in requests.items()}, {}, "one")


def test_a_hosts_answer_is_read_as_a_sample_with_all_series_of_a_status_together() -> None:
    found = read_sample(answer())
    assert found.time == 1700000000.5
    assert found.requests == {"200": 90, "404": 6, "500": 4}
    assert found.buckets == {0.1: 60, 0.5: 90, math.inf: 100}
    assert found.process == "c0ffee 2026-01-01"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (answer().removesuffix(" end\n"), "cut short"),
        (answer(""), "there is no http_requests_total"),
        (answer('http_requests_total{status_code="200"} NaN\n'), "no counter"),
        (answer('http_requests_total{status_code="200} 3\n'), "not in Prometheus' text format"),
        (answer(METRICS.replace('le="0.1"', 'le="x"')), "bound that is no number"),
        (answer(head=" "), "gave no time"),
        ("", "cut short"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_not_guessed(text: str, message: str) -> None:
    with pytest.raises(UnreadableAnswer, match=message):
        read_sample(text)


def test_between_two_samples_only_the_increase_counts() -> None:
    found = window(sample(_200=90, _500=4), sample(_200=140, _500=6, _503=3))
    assert (found.requests, found.errors, found.restarted) == (55, 5, False)


def test_a_counter_that_went_back_means_a_new_start_and_only_what_came_after_it_counts() -> None:
    found = window(sample(_200=90, _500=4), sample(_200=20, _500=5))
    assert (found.requests, found.errors, found.restarted) == (25, 5, True)


def test_another_process_is_a_new_start_even_where_counters_grew() -> None:
    after = Sample(1060.0, {"200": 100}, {}, "two")
    assert window(sample(_200=90), after).requests == 100


def test_the_past_of_a_host_that_was_asked_once_is_all_since_its_start() -> None:
    found = sample(_200=90, _500=4).whole()
    assert (found.requests, found.errors, found.restarted) == (94, 4, False)


def test_the_95th_percentile_lies_within_its_bucket_as_prometheus_has_it() -> None:
    buckets = {0.1: 50, 0.5: 90, 1.0: 100, math.inf: 100}
    assert Window(60, 100, 0, buckets).p95 == pytest.approx(0.75)
    assert Window(60, 100, 0, {0.1: 10, math.inf: 100}).p95 == 0.1
    assert Window(60, 100, 0, {}).p95 is None


def test_how_many_answers_took_longer_is_read_from_the_same_buckets() -> None:
    found = Window(60, 100, 0, {0.1: 50, 0.5: 90, 1.0: 98, math.inf: 100})
    assert found.slower_than(0.5) == 10
    assert found.slower_than(0.75) == pytest.approx(6)
    assert found.slower_than(1.0) == 2
    assert found.slower_than(30) == 0


def test_escaped_labels_are_read_as_they_were_meant() -> None:
    text = '# HELP x y\nhttp_requests_total{status_code="q\\"\\\\\\n}",} 1.5e3\n'
    assert read_sample(answer(text)).requests == {'q"\\\n}': 1500.0}


NUMBERS = st.integers(0, 10**6)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    requests = draw(st.dictionaries(st.sampled_from(["200", "404", "500", "503"]), NUMBERS))
    buckets = draw(st.dictionaries(st.sampled_from([0.1, 0.5, math.inf]), NUMBERS))
    return Sample(float(draw(NUMBERS)), requests, buckets, draw(st.sampled_from(["", "a", "b"])))


@given(samples(), samples())
def test_a_window_never_has_negative_numbers_nor_more_errors_than_requests(
    before: Sample, after: Sample
) -> None:
    found = window(before, after)
    assert 0 <= found.errors <= found.requests
    assert found.seconds >= 0
    assert all(count >= 0 for count in found.buckets.values())


@given(samples(), samples())
def test_samples_and_windows_survive_being_written_down(before: Sample, after: Sample) -> None:
    assert Sample.from_json(json.loads(json.dumps(before.to_json(), allow_nan=False))) == before
    found = window(before, after)
    assert Window.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableAnswer):
        read_sample(answer(f"{text}\n"))
