"""A failed step's output is told by its cause first, with the commands that lead out of it."""

from __future__ import annotations

from typing import Any

import pytest

from bunker.outcomes import HostOutcome, read_outcomes
from bunker.tasks import namespace
from bunker.terminal.causes import CAUSES, find_cause
from bunker.terminal.lines import plain
from bunker.terminal.recap_text import Repeat, cause_of, next_commands, recap_lines

BLOCKED = """Error: P3009

migrate found failed migrations in the target database, new migrations will not be applied.
The `20250310090000_drop` migration started at 2026-11-27 10:00:00 UTC failed"""
FAILED = """Applying migration `20250310090000_drop`
Error: P3018

A migration failed to apply. New migrations cannot be applied before the error is recovered from.

Migration name: 20250310090000_drop

Database error code: 42701

Database error:
ERROR: column "b" of relation "a" already exists
"""
OUTPUTS = {
    "blocked by a failed migration": [BLOCKED],
    "a migration failed": [FAILED],
    "no space": [
        "tar: write error: No space left on device",
        "write /var/lib/docker/tmp/x: disk quota exceeded",
    ],
    "port taken": [
        "Error response from daemon: driver failed programming external connectivity on endpoint"
        " x: Bind for 0.0.0.0:8080 failed: port is already allocated",
        "Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use",
        "failed to bind host port for 0.0.0.0:8080:172.18.0.3:80/tcp: address already in use",
    ],
    "wrong clock": [
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid:"
        " current time 2019-01-01T00:00:00Z is before 2025-01-01T00:00:00Z",
        "E: Release file for x is not valid yet (invalid for another 5h 2min). Updates for this"
        " repository will not be applied.",
    ],
    "unknown host key of the git server": [
        "Host key verification failed.\nfatal: Could not read from remote repository.\n\n"
        "Please make sure you have the correct access rights\nand the repository exists."
    ],
    "deploy key refused": [
        "git@git.example.org: Permission denied (publickey).\nfatal: Could not read from remote"
        " repository.\n\nPlease make sure you have the correct access rights\nand the repository"
        " exists."
    ],
    "rate limit of the registry": [
        "toomanyrequests: You have reached your pull rate limit.",
        "unexpected status from HEAD request to https://r/v2/x: 429 Too Many Requests",
    ],
    "login refused by the registry": [
        "pull access denied for x/y, repository does not exist or may require 'docker login':"
        " denied: requested access to the resource is denied",
        'Head "https://r.example/v2/x/manifests/1": unauthorized: authentication required',
    ],
    "token refused": [
        "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://x/'",
        "fatal: could not read Username for 'https://x': terminal prompts disabled",
        "remote: Repository not found.\nfatal: repository 'https://x/y.git/' not found",
    ],
    "names do not resolve": [
        "fatal: unable to access 'https://x/': Could not resolve host: x",
        'Get "https://r.example/v2/": dial tcp: lookup r.example: no such host',
        "Temporary failure resolving 'deb.example.org'",
    ],
    "registry or server away": [
        'Get "https://r.example/v2/": dial tcp 192.0.2.7:443: connect: connection refused',
        'Get "https://r.example/v2/": net/http: TLS handshake timeout',
        "fatal: unable to access 'https://x/': Failed to connect to x port 443 after 1 ms:"
        " Connection refused",
    ],
    "out of memory": [
        "npm ERR! FATAL ERROR: JavaScript heap out of memory",
        'process "/bin/sh -c npm run build" did not complete successfully: exit code: 137',
    ],
}


def test_every_cause_is_tried() -> None:
    assert set(OUTPUTS) == {cause.name for cause in CAUSES}


@pytest.mark.parametrize(
    ("name", "output"), [(name, text) for name, texts in OUTPUTS.items() for text in texts]
)
@pytest.mark.promise("A failure is told by its cause first")
def test_what_programs_print_is_told_by_its_cause(name: str, output: str) -> None:
    noise = "Step 1/9 : FROM x\n" * 20
    found = find_cause(f"{noise}{output}\n")
    assert found
    assert found.cause.name == name
    assert "{" not in found.sentence


def test_the_sentence_has_what_is_known_of_the_cause() -> None:
    said = {name: find_cause(texts[0]) for name, texts in OUTPUTS.items()}
    assert "port 8080 of the host is taken" in said["port taken"].sentence  # type: ignore[union-attr]
    for name in ("blocked by a failed migration", "a migration failed"):
        assert "migration 20250310090000_drop failed" in said[name].sentence  # type: ignore[union-attr]
    assert 'ERROR: column "b" of relation' in said["a migration failed"].sentence  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "output",
    [
        "",
        "npm ERR! missing script: build",
        "ERROR: deadlock detected",
        "exit code: 1",
        'FATAL:  password authentication failed for user "api"',
        "Error: P1000: Authentication failed against database server",
        "535 5.7.8 Error: authentication failed",
        "ERROR 1045: Access denied for user 'x'",
        "npm ERR! ERESOLVE could not resolve",
        '[vite]: Rollup failed to resolve import, Could not resolve "./foo" from "src/x.ts"',
        '{"status": 429, "message": "Too Many Requests"}',
        "unauthorized: no token in the request of a visitor",
        "--- api (x-api-1) is restarting; its last log lines:\ntoomanyrequests: slow down",
    ],
)
def test_anything_else_is_not_guessed(output: str) -> None:
    assert find_cause(output) is None


def test_only_a_step_that_fetches_can_fail_for_a_server_that_it_fetches_from() -> None:
    for name, texts in OUTPUTS.items():
        for text in texts:
            found = find_cause(text, "changemaker: health gate")
            fetching = next(cause for cause in CAUSES if cause.name == name).fetching
            assert (found is None) == fetching, name
            assert find_cause(text, "changemaker: pull and build images"), name


def failed(output: str, **more: Any) -> HostOutcome:
    data = {"outcome": "failed", "message": "step 5 of 9 failed: changemaker: migrate", **more}
    return HostOutcome.from_json(
        {"step": "changemaker: migrate", "output": output.splitlines(), **data}
    )


@pytest.mark.promise("A failure is told by its cause first")
def test_the_cause_stands_first_and_the_noise_behind_verbose() -> None:
    noise = "\n".join(f"noise {n}" for n in range(30))
    outcomes = {"north": failed(f"{noise}\n{BLOCKED}")}
    lines = plain(recap_lines(outcomes, Repeat())).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("north failed: "))
    assert "20250310090000_drop failed half-way before" in lines[place]
    assert lines[place + 1] == "  in step 5 of 9 failed: changemaker: migrate"
    assert "noise 20" not in "\n".join(lines)
    assert "noise 20" in plain(recap_lines(outcomes, Repeat(), verbose=True))
    assert cause_of(outcomes["north"]) in lines[place]


@pytest.mark.promise("A migration that failed half-way has a way out, shown until it is settled")
def test_the_commands_lead_out_of_it_in_their_order() -> None:
    repeat = Repeat("invoke upgrade --ref v3", "", "invoke deploy")
    assert next_commands("a", failed(BLOCKED), repeat) == [
        "invoke logs --host a --service v2-postgres",
        "invoke schema.resolve --host a",
        "invoke upgrade --ref v3 --host a",
    ]
    assert next_commands("a", failed(FAILED, outcome="rolled back"), repeat) == [
        "invoke logs --host a --service v2-postgres",
        "invoke schema.resolve --host a",
        "invoke upgrade --host a --ref FIXED",
    ]


def test_every_command_of_the_table_exists_with_its_options() -> None:
    for cause in CAUSES:
        for task, *options in cause.steps:
            known = {f"--{name}" for one in namespace[task].declared() for name in one.names}
            assert {one for one in options if one.startswith("--")} <= known, cause.name


def test_outcomes_of_older_runs_have_causes_too() -> None:
    data = {"a": {"outcome": "failed", "output": [BLOCKED], "step": "changemaker: migrate"}}
    assert cause_of(read_outcomes(data)["a"])
