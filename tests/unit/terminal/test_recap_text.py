"""The recap of a run, against golden text."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from bunker.outcomes import HostOutcome, read_outcomes
from bunker.terminal.hints import failing_services
from bunker.terminal.lines import plain
from bunker.terminal.recap_text import Repeat, counts, next_commands, recap_lines

GATE = [
    "GET /api/health did not answer 200 within 5 seconds; its last answer: 502",
    "--- media-api (x-media-api-1) is restarting (Restarting (1)); its last log lines:",
    "Error: cannot find module",
    "--- api; its last log lines:",
]
FAILED: dict[str, Any] = {
    "outcome": "failed",
    "message": "step 5 of 9 failed: changemaker: health gate",
    "commands": 12,
    "step": "changemaker: health gate",
    "output": GATE,
}
REPEAT = Repeat("invoke deploy --fleet lab --role env", "lab")


def test_every_kind_of_outcome() -> None:
    outcomes: dict[str, dict[str, Any]] = {
        "east": FAILED,
        "north": {"outcome": "changed", "message": "", "commands": 23},
        "south": {"outcome": "ok", "message": "", "commands": 7},
        "west": {"outcome": "unreachable", "message": "connection refused"},
        "x-1": {"outcome": "interrupted", "message": "", "commands": 4},
        "x-2": {"outcome": "not started", "message": ""},
        "x-3": {"outcome": "not started", "message": ""},
    }
    assert plain(recap_lines(read_outcomes(outcomes), REPEAT)) == dedent("""\
        HOST   OUTCOME      COMMANDS  NOTE
        east   failed       12        step 5 of 9 failed: changemaker: health gate
        north  changed      23
        south  ok           7
        west   unreachable            connection refused
        x-1    interrupted  4
        x-2    not started
        x-3    not started

        east failed: GET /api/health did not answer 200 within 5 seconds; its last answer: 502
          in step 5 of 9 failed: changemaker: health gate
            --- media-api (x-media-api-1) is restarting (Restarting (1)); its last log lines:
            Error: cannot find module
            --- api; its last log lines:
          try: invoke logs --fleet lab --host east --service media-api
          try: invoke deploy --fleet lab --role env --host east

        west is unreachable: connection refused
          try: invoke ssh --fleet lab --host west
          try: invoke deploy --fleet lab --role env --host west

        x-1 was interrupted; it is half done

        x-2, x-3 were not started; nothing was changed on them
        Recap: 1 ok, 1 changed, 1 failed, 1 unreachable, 2 not started, 1 interrupted
        """)


def test_a_run_that_an_operator_stopped_says_so_once() -> None:
    back = {"outcome": "rolled back", "message": "an operator decided so"}
    text = plain(
        recap_lines(
            read_outcomes({"north": back}), REPEAT, "stopped by an operator: too few requests"
        )
    )
    assert "north was rolled back: an operator decided so\n" in text
    assert "\nStopped: by an operator: too few requests\n" in text


def test_with_many_hosts_only_those_that_need_attention_are_named() -> None:
    outcomes: dict[str, dict[str, Any]] = {f"h-{n}": {"outcome": "ok"} for n in range(96)}
    outcomes["sick"] = FAILED
    text = plain(recap_lines(read_outcomes(outcomes), Repeat()))
    assert "h-1" not in text
    assert "sick  failed" in text
    assert text.endswith("Recap: 96 ok, 0 changed, 1 failed, 0 unreachable\n")


def test_only_the_last_lines_of_a_long_output_are_shown() -> None:
    long = FAILED | {"output": [f"line {number}" for number in range(60)]}
    text = plain(recap_lines(read_outcomes({"east": long}), Repeat()))
    assert "… 55 lines before: --verbose" in text
    assert "line 54\n" not in text
    assert "line 55\n" in text
    assert "line 59\n" in text
    whole = plain(recap_lines(read_outcomes({"east": long}), Repeat(), verbose=True))
    assert "line 0\n" in whole
    assert "before" not in whole


def test_the_four_usual_outcomes_are_always_counted() -> None:
    assert counts({}) == {"ok": 0, "changed": 0, "failed": 0, "unreachable": 0}
    found = counts(read_outcomes({"a": {"outcome": "rolled back"}, "b": {"outcome": "changed"}}))
    assert (found["rolled back"], found["changed"]) == (1, 1)


def test_the_failing_service_is_read_from_the_gates_output() -> None:
    output = (
        "--- v2-postgres (x-v2-postgres-1) is exited (Exited (1)); its last log lines:\nFATAL\n"
        "--- redis (x_redis_1) is running (unhealthy)\n--- redis (x-redis-1) is running"
    )
    assert failing_services(output) == ["v2-postgres", "redis"]
    assert failing_services("an api-1 is mentioned") == []


@pytest.mark.parametrize(
    ("step", "output", "hints"),
    [
        ("changemaker: health gate", "no answer", ["logs --host a --service api"]),
        ("changemaker: migrate", "deadlock", ["logs --host a --service v2-postgres"]),
        ("wiki: bring up services", "no answer", ["logs --host a --app wiki"]),
        ("wiki: health gate", "--- web (wiki-web-1) is exited (Exited (3))",
         ["logs --host a --app wiki --service web"]),
        ("wiki: fetch the code", "fatal: unable to access", []),
        ("changemaker: fetch the code", "fatal: unable to access", []),
        ("changemaker: fetch the code", "permission denied (publickey)",
         ["secrets.set --host a --key DEPLOY_KEY", "preflight --host a"]),
        ("changemaker: switch files", "fatal: dubious ownership", []),
        ("changemaker: pull and build images", "npm ERR!", []),
        ("changemaker: record generation", "write error", []),
        ("base: packages", "E: Unable to locate package", []),
        ("docker: docker", "Job for docker.service failed",
         ["ssh --host a --command 'sudo journalctl -u docker -n 50 --no-pager'"]),
        *(
            (step, text, ["ssh --host a --command 'sudo df -h; sudo df -i; sudo docker system df'"])
            for step in ("changemaker: pull and build images", "changemaker: migrate", "base: x")
            for text in ("tar: write error: No space left on device", "no room for a dump")
        ),
    ],
)  # fmt: skip
def test_each_failure_has_the_hint_of_its_cause_or_step(
    step: str, output: str, hints: list[str]
) -> None:
    failed = {"outcome": "failed", "step": step, "output": [output]}
    *found, again = next_commands("a", HostOutcome.from_json(failed), Repeat())
    assert found == [f"invoke {hint}" for hint in hints]
    assert again == "invoke deploy --host a"


def test_after_a_rollback_the_application_is_named() -> None:
    undone = HostOutcome(outcome="rolled back", step="wiki: health gate")
    assert next_commands("a", undone, Repeat()) == [
        "invoke history --host a --app wiki",
        "invoke upgrade --host a --app wiki --ref FIXED",
    ]


def test_a_version_that_never_came_to_run_is_tried_again_and_one_that_did_is_not() -> None:
    repeat = Repeat("invoke upgrade --ref v3", "", "invoke deploy")
    for step, output, command in (
        ("changemaker: pull and build images", "timeout", "invoke upgrade --ref v3 --host a"),
        ("changemaker: migrate", "No space left on device", "invoke upgrade --ref v3 --host a"),
        ("changemaker: migrate", "ERROR: deadlock detected", "invoke deploy --host a"),
    ):
        failed = {"outcome": "failed", "step": step, "output": [output]}
        assert next_commands("a", HostOutcome.from_json(failed), repeat)[-1] == command


def test_after_a_restart_of_the_host_the_same_version_is_tried_again() -> None:
    restarted = {
        "outcome": "rolled back",
        "restarted": True,
        "message": "the host restarted at 14:02 UTC during x; it is back on v2.0.0",
    }
    text = plain(recap_lines(read_outcomes({"a": restarted}), Repeat("invoke upgrade --ref v3")))
    assert "a was rolled back: the host restarted at 14:02 UTC during x" in text
    assert text.count("try: ") == 1
    assert "try: invoke upgrade --ref v3 --host a\n" in text


@pytest.mark.promise("A later deploy never brings older code unasked")
def test_after_a_failure_the_version_that_failed_is_not_suggested_again() -> None:
    repeat = Repeat("invoke deploy --fleet lab --ref v3", "lab", "invoke deploy --fleet lab")
    failed = {"outcome": "failed", "message": "m", "step": "changemaker: settle", "output": []}
    assert next_commands("north", HostOutcome.from_json(failed), repeat) == [
        "invoke logs --fleet lab --host north --service api",
        "invoke deploy --fleet lab --host north",
    ]
    again = next_commands("north", HostOutcome.from_json({"outcome": "unreachable"}), repeat)[-1]
    assert again == "invoke deploy --fleet lab --ref v3 --host north"
    for outcome in ("rolled back", "not started", "interrupted"):
        assert not any(
            "v3" in line
            for line in next_commands("north", HostOutcome.from_json({"outcome": outcome}), repeat)
        )


def test_a_refusal_that_names_the_way_out_is_told_without_another() -> None:
    choice = "north: generation 3 cannot run here. Run: invoke rollback --host north --restore."
    refused = {"outcome": "failed", "message": choice}
    assert next_commands("north", HostOutcome.from_json(refused), REPEAT) == []
    text = plain(recap_lines(read_outcomes({"north": refused}), REPEAT))
    assert "north failed: generation 3 cannot run here" in text


@pytest.mark.promise("Words and colours fit what happened")
def test_a_rollback_that_was_asked_for_is_no_green_change() -> None:
    lines = recap_lines({"a": HostOutcome(outcome="changed", going_to=7)}, Repeat())
    row = next(line for line in lines if line.text.startswith("a "))
    assert (row.text, row.style) == ("a     back on #7", "")
