"""What became of a run is told from its events alone, and its exit code from that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.errors import BunkerError, ExitCode
from bunker.journal.records import WELL, RunRecord, RunRequest
from bunker.runs.retry import retry_intent
from bunker.runs.step_answers import answers_of
from bunker.runs.summary import bad_hosts, end_state, exit_code, summarise
from tests.unit.runs.control_machine import request

MEASURED = {
    "requests": 9,
    "failed": 0,
    "longest_outage_seconds": 0.0,
    "unavailable_seconds": 0.0,
    "slowest_seconds": 0.5,
    "seconds": 9.0,
}
OUTCOMES = ("ok", "changed", "failed", "unreachable", "interrupted", "not started", "rolled back")
HOSTS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(
        lambda outcome, locked, stale: {"outcome": outcome, "locked": locked, "stale": stale},
        st.sampled_from(OUTCOMES),
        st.booleans(),
        st.booleans(),
    ),
)


def step(host: str, status: str = "started", name: str = "migrate") -> dict[str, Any]:
    """A step's event."""
    return {"event": "step", "host": host, "name": name, "status": status}


def outcome(host: str, word: str) -> dict[str, Any]:
    """A host's event at its end."""
    return {"event": "outcome", "host": host, "outcome": word, "message": ""}


def test_before_any_event_the_planned_outcomes_are_known_and_the_rest_is_not_started() -> None:
    wanted = request(("a",), ("b",), known={"c": {"outcome": "ok"}})
    found = summarise(wanted, [])
    assert {name: o["outcome"] for name, o in found.hosts.items()} == {
        "a": "not started",
        "b": "not started",
        "c": "ok",
    }


def test_a_host_in_mid_step_counts_as_interrupted_until_its_outcome_is_told() -> None:
    events = [step("a")]
    found = summarise(request(("a",)), events)
    assert found.hosts["a"] == {"outcome": "interrupted", "message": "during migrate"}
    events.append(outcome("a", "changed"))
    assert summarise(request(("a",)), events).hosts["a"]["outcome"] == "changed"


def test_the_last_word_of_a_host_counts_however_often_a_resumed_run_tells_it() -> None:
    events = [step("a"), outcome("a", "interrupted"), step("a"), outcome("a", "changed")]
    assert summarise(request(("a",)), events).hosts["a"]["outcome"] == "changed"


def test_a_question_is_open_until_it_is_decided_and_a_soak_until_it_is_judged() -> None:
    events: list[dict[str, Any]] = [{"event": "soak", "seconds": 5, "until": 17.0}]
    assert summarise(request(("a",)), events).soaking_until == 17.0
    events.append({"event": "judgement", "outcome": "inconclusive", "reasons": ["too little"]})
    events.append({"event": "paused", "reason": "too little"})
    found = summarise(request(("a",)), events)
    assert (found.soaking_until, found.paused) == (None, "too little")
    assert found.judgements == [{"outcome": "inconclusive", "reasons": ["too little"]}]
    events.append({"event": "decided", "answer": "stop"})
    events.append({"event": "halted", "reason": "stopped"})
    events.append({"event": "end", "state": "failed"})
    found = summarise(request(("a",)), events)
    assert (found.paused, found.reason, found.state) == ("", "stopped", "failed")


@given(HOSTS, st.booleans())
def test_a_run_is_done_only_where_every_host_is_well_and_nothing_stopped_it(
    outcomes: dict[str, dict[str, Any]], halted: bool
) -> None:
    words = {found["outcome"] for found in outcomes.values()}
    state = end_state(outcomes, halted=halted)
    assert (state == "done") == (words <= set(WELL) and not halted)
    if state == "rolled back":
        assert "rolled back" in words
        assert words <= {*WELL, "rolled back", "not started"}


@given(HOSTS, st.booleans())
def test_the_exit_code_is_success_only_for_a_run_that_is_done(
    outcomes: dict[str, dict[str, Any]], halted: bool
) -> None:
    state = end_state(outcomes, halted=halted)
    code = exit_code(state, outcomes)
    assert (code == ExitCode.OK) == (state == "done")
    if code == ExitCode.LOCK_HELD:
        assert all(outcomes[name]["locked"] for name in bad_hosts(outcomes))


@pytest.mark.parametrize(
    ("hosts", "code"),
    [
        ([("failed", {"locked": True}), ("changed", {})], ExitCode.LOCK_HELD),
        ([("failed", {"locked": True}), ("failed", {})], ExitCode.SOME_HOSTS_FAILED),
        ([("failed", {"stale": True})], ExitCode.PLAN_STALE),
        ([("rolled back", {}), ("changed", {}), ("not started", {})], ExitCode.ROLLED_BACK),
        ([("rolled back", {}), ("failed", {})], ExitCode.SOME_HOSTS_FAILED),
        ([("unreachable", {})], ExitCode.SOME_HOSTS_FAILED),
        ([("ok", {}), ("changed", {})], ExitCode.OK),
    ],
)
def test_exit_codes_tell_apart_what_an_operator_does_next(
    hosts: list[tuple[str, dict[str, Any]]], code: ExitCode
) -> None:
    outcomes = {str(n): {"outcome": word, **more} for n, (word, more) in enumerate(hosts)}
    assert exit_code(end_state(outcomes), outcomes) == code


def test_answers_are_read_from_lines_with_a_known_word_and_one_object() -> None:
    lines = ['generation {"number": 4}', "generation of people", 'other {"a": 1}', "snapshot {"]
    assert answers_of([*lines, f"  availability {json.dumps(MEASURED)}  "]) == {
        "generation": {"number": 4},
        "availability": MEASURED,
    }


@given(st.lists(st.text()))
def test_no_output_of_a_step_can_break_the_reading_of_answers(lines: list[str]) -> None:
    assert set(answers_of([*lines, *(f"generation {{{text}" for text in lines)])) <= {
        "generation",
        "availability",
    }


@given(HOSTS)
def test_retry_takes_exactly_the_hosts_that_are_not_well(
    outcomes: dict[str, dict[str, Any]],
) -> None:
    bad = sorted(name for name, found in outcomes.items() if found["outcome"] not in WELL)
    wanted = request(("a",), commits={"a": "c0ffee"}, ref="v2.1.0")
    record = RunRecord(wanted, "failed", 0, 0, {"hosts": outcomes})
    if not bad:
        with pytest.raises(BunkerError, match="ended well"):
            retry_intent(Path(), record, dry=False, yes=True, verbose=False)
        return
    intent = retry_intent(Path(), record, dry=False, yes=True, verbose=False)
    assert list(intent.request.hosts) == bad
    assert (intent.retry_of, intent.request.commits) == (wanted.run, {"a": "c0ffee"})


@pytest.mark.parametrize("state", ["running", "interrupted", "paused"])
def test_a_run_that_has_not_ended_is_resumed_and_not_retried(state: Any) -> None:
    record = RunRecord(request(("a",)), state, 0, 0, {"hosts": {"a": {"outcome": "failed"}}})
    with pytest.raises(BunkerError, match=r"invoke run\.resume"):
        retry_intent(Path(), record, dry=False, yes=True, verbose=False)


def test_a_request_comes_back_from_plain_data_as_it_was() -> None:
    wanted = request(("a", "b"), ("c",), plans={"a": ("x", "y")}, tags_wanted=("env",), ref="v2")
    assert RunRequest.from_json(wanted.to_json()) == wanted
