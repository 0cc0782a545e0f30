"""What became of a run is told from its events alone, and its exit code from that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.errors import BunkerError, ExitCode
from bunker.events import Analysis, Decided, End, Event, Halted, Outcome, Paused, Soak, Step
from bunker.journal.records import OtherSchema, RunRecord, RunRequest, Summary
from bunker.journal.summary import end_state, exit_code, summarise
from bunker.outcomes import SUCCEEDED, WORDS, HostOutcome, failed_hosts, read_outcomes
from bunker.runs.host_outcomes import answers_of
from bunker.runs.retry import retry_intent
from tests.unit.runs.control_machine import request

MEASURED = {
    "requests": 9,
    "failed": 0,
    "longest_outage_seconds": 0.0,
    "unavailable_seconds": 0.0,
    "slowest_seconds": 0.5,
    "seconds": 9.0,
}
HOSTS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(
        HostOutcome,
        outcome=st.sampled_from([word for word in WORDS if word != "under way"]),
        locked=st.booleans(),
        stale=st.booleans(),
    ),
)


def step(host: str) -> Event:
    """A step's event."""
    return Step(host=host, name="migrate", number=1, of=2, status="started")


def outcome(host: str, word: Any) -> Event:
    """A host's event at its end."""
    return Outcome(host=host, result=HostOutcome(outcome=word))


def test_before_any_event_the_planned_outcomes_are_known_and_the_rest_is_not_started() -> None:
    wanted = request(("a",), ("b",), known={"c": HostOutcome(outcome="ok")})
    found = summarise(wanted, [])
    assert {name: o.outcome for name, o in found.hosts.items()} == {
        "a": "not started",
        "b": "not started",
        "c": "ok",
    }


def test_a_host_in_mid_step_counts_as_interrupted_until_its_outcome_is_told() -> None:
    events = [step("a")]
    found = summarise(request(("a",)), events)
    assert found.hosts["a"] == HostOutcome(outcome="interrupted", message="during migrate")
    events.append(outcome("a", "changed"))
    assert summarise(request(("a",)), events).hosts["a"].outcome == "changed"


def test_the_last_word_of_a_host_counts_however_often_a_resumed_run_tells_it() -> None:
    events = [step("a"), outcome("a", "interrupted"), step("a"), outcome("a", "changed")]
    assert summarise(request(("a",)), events).hosts["a"].outcome == "changed"


def test_a_question_is_open_until_it_is_decided_and_a_soak_until_it_is_analysed() -> None:
    events: list[Event] = [Soak(seconds=5, until=17.0)]
    assert summarise(request(("a",)), events).soaking_until == 17.0
    analysis = Analysis(outcome="inconclusive", reasons=("too little",))
    events += [analysis, Paused(reason="too little")]
    found = summarise(request(("a",)), events)
    assert (found.soaking_until, found.paused) == (None, "too little")
    assert found.analyses == (analysis,)
    assert Summary.from_json(json.loads(json.dumps(found.to_json()))) == found
    events += [Decided(answer="stop"), Halted(reason="stopped"), End(state="failed")]
    found = summarise(request(("a",)), events)
    assert (found.paused, found.reason, found.state) == ("", "stopped", "failed")


@given(HOSTS, st.booleans())
def test_a_run_is_done_only_where_every_host_is_well_and_nothing_stopped_it(
    outcomes: dict[str, HostOutcome], halted: bool
) -> None:
    words = {found.outcome for found in outcomes.values()}
    state = end_state(outcomes, halted=halted)
    assert (state == "done") == (words <= set(SUCCEEDED) and not halted)
    if state == "rolled back":
        assert "rolled back" in words
        assert words <= {*SUCCEEDED, "rolled back", "not started"}


@given(HOSTS, st.booleans())
def test_the_exit_code_is_success_only_for_a_run_that_is_done(
    outcomes: dict[str, HostOutcome], halted: bool
) -> None:
    state = end_state(outcomes, halted=halted)
    code = exit_code(state, outcomes)
    assert (code == ExitCode.OK) == (state == "done")
    if code == ExitCode.LOCK_HELD:
        assert all(outcomes[name].locked for name in failed_hosts(outcomes))


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
    found = {str(n): {"outcome": word, **more} for n, (word, more) in enumerate(hosts)}
    outcomes = read_outcomes(found)
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
    outcomes: dict[str, HostOutcome],
) -> None:
    bad = sorted(name for name, found in outcomes.items() if not found.succeeded)
    wanted = request(("a",), commits={"a": "c0ffee"}, arguments={"ref": "v2.1.0"})
    record = RunRecord(wanted, Summary(outcomes, state="failed"), 0, 0)
    if not bad:
        with pytest.raises(BunkerError, match="succeeded"):
            retry_intent(Path(), record, dry=False, yes=True, verbose=False)
        return
    intent = retry_intent(Path(), record, dry=False, yes=True, verbose=False)
    assert list(intent.request.hosts) == bad
    assert (intent.retry_of, intent.request.commits) == (wanted.run, {"a": "c0ffee"})


@pytest.mark.parametrize("state", ["running", "interrupted", "paused"])
def test_a_run_that_has_not_ended_is_resumed_and_not_retried(state: Any) -> None:
    summary = Summary({"a": HostOutcome(outcome="failed")}, state=state)
    record = RunRecord(request(("a",)), summary, 0, 0)
    with pytest.raises(BunkerError, match=r"invoke run\.resume"):
        retry_intent(Path(), record, dry=False, yes=True, verbose=False)


def test_a_request_comes_back_from_plain_data_as_it_was() -> None:
    known = {"d": HostOutcome(outcome="failed", message="m", output=("x",))}
    arguments = {"role": ["env"], "ref": "v2"}
    wanted = request(
        ("a", "b"), ("c",), plans={"a": ("x", "y")}, arguments=arguments, known=known, max_fail=1
    )
    assert RunRequest.from_json(json.loads(json.dumps(wanted.to_json()))) == wanted


@pytest.mark.parametrize("schema", [None, 2, 4])
def test_a_request_of_another_version_is_refused_with_a_sentence(schema: int | None) -> None:
    data = request(("a",)).to_json() | {"schema": schema}
    with pytest.raises(OtherSchema, match="recorded by another version of Bunker Ops"):
        RunRequest.from_json(data)
