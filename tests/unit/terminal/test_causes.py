"""A failed step's output is told by its cause first, with the commands that lead out of it."""

from __future__ import annotations

from typing import Any

import pytest

from bunker.cause import Found, Where, commands_here, find_cause
from bunker.causes import CAUSES
from bunker.outcomes import HostOutcome, read_outcomes
from bunker.tasks import namespace
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
    "no room for the snapshot": [
        "no room for a dump of the database: 8 MB are needed below"
        " /var/lib/bunker/apps/changemaker/snapshots, 0 MB are free"
    ],
    "no space": [
        "tar: write error: No space left on device",
        "fatal: sha1 file '/var/tmp/bunker-code.FK6wKl/index.lock' write error. Out of diskspace",
        "write /var/lib/docker/tmp/x: disk quota exceeded",
        "E: You don't have enough free space in /var/cache/apt/archives/.",
        "no room on /var: 900 MB and 6000 files are needed, 20 MB are free; nothing was changed",
    ],
    "port taken": [
        "Error response from daemon: driver failed programming external connectivity on endpoint"
        " x: Bind for 0.0.0.0:8080 failed: port is already allocated",
        "Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use",
        "failed to bind host port for 0.0.0.0:8080:172.18.0.3:80/tcp: address already in use",
        "port 8080 is taken by the container squatter: give one of the two another port, or stop"
        " that one (docker stop squatter); nothing was changed",
        "port 8080 is taken by the process python3 of this host: give the project another port, or"
        " stop that one; nothing was changed",
    ],
    "wrong clock": [
        'Error response from daemon: Get "https://192.0.2.7:5443/v2/": tls: failed to verify'
        " certificate: x509: certificate has expired or is not yet valid: current time"
        " 2026-11-27T22:26:17Z is before 2036-01-01T00:00:00Z",
        "fatal: unable to access 'https://192.0.2.7:5443/x.git/': server verification failed:"
        " certificate error, no details available. (CAfile: /etc/ssl/certs/ca-certificates.crt"
        " CRLfile: none)",
        "fatal: unable to access 'https://192.0.2.7:5443/x.git/': server verification failed:"
        " certificate has expired. (CAfile: /etc/ssl/certs/ca-certificates.crt CRLfile: none)",
        "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none"
        " CRLfile: none",
        "curl: (60) SSL certificate problem: certificate is not yet valid",
        "E: Release file for x is not valid yet (invalid for another 5h 2min). Updates for this"
        " repository will not be applied.",
    ],
    "unknown host key of the git server": [
        "No ED25519 host key is known for 192.0.2.3 and you have requested strict checking.\n"
        "Host key verification failed.\nfatal: Could not read from remote repository.\n\n"
        "Please make sure you have the correct access rights\nand the repository exists.",
        "Add correct host key in /home/deploy/.ssh/changemaker_known_hosts to get rid of this"
        " message.\nHost key for [192.0.2.3]:2222 has changed and you have requested strict"
        " checking.\nHost key verification failed.",
        "Host key verification failed.",
    ],
    "deploy key refused": [
        "git@git.example.org: Permission denied (publickey).\nfatal: Could not read from remote"
        " repository.\n\nPlease make sure you have the correct access rights\nand the repository"
        " exists."
    ],
    "rate limit of the registry": [
        "Error response from daemon: toomanyrequests: You have reached your pull rate limit. You"
        " may increase the limit by authenticating and upgrading",
        "unexpected status from HEAD request to https://r/v2/x: 429 Too Many Requests",
    ],
    "login refused by the registry": [
        'Error response from daemon: Head "http://127.0.0.1:5001/v2/x/manifests/1": no basic auth'
        " credentials\nthe registry 127.0.0.1:5001 refuses the login of ops; the project is left as"
        " it was. Store its password again: invoke secrets.set --host a --key WIKI__TOKEN",
    ],
    "no login for the registry": [
        "pull access denied for x/y, repository does not exist or may require 'docker login':"
        " denied: requested access to the resource is denied",
        'Head "https://r.example/v2/x/manifests/1": unauthorized: authentication required',
        'Error response from daemon: Head "http://127.0.0.1:5001/v2/x/manifests/1": no basic auth'
        " credentials",
        "Error response from daemon: denied",
    ],
    "token refused": [
        "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://x/'",
        "fatal: Authentication failed for 'http://192.0.2.3/changemaker-lite.git/'",
        "could not read Password for 'http://git@192.0.2.3': terminal prompts disabled",
        "fatal: could not read Username for 'https://x': terminal prompts disabled",
        "remote: Repository not found.\nfatal: repository 'https://x/y.git/' not found",
    ],
    "names do not resolve": [
        "fatal: unable to access 'https://x/': Could not resolve host: git.example.org",
        "ssh: Could not resolve hostname git.example.org: Name or service not known\n"
        "fatal: Could not read from remote repository.",
        "ssh: Could not resolve hostname git.example.org: Temporary failure in name resolution",
        'Get "https://git.example.org:5009/v2/": dial tcp: lookup git.example.org on 127.0.0.11:53:'
        " no such host",
        "W: Failed to fetch http://x/  Temporary failure resolving 'git.example.org'",
        "npm error request failed, reason: getaddrinfo EAI_AGAIN git.example.org",
    ],
    "registry or server away": [
        'Get "http://127.0.0.1:5009/v2/": dial tcp 127.0.0.1:5009: connect: connection refused',
        'Get "https://192.0.2.9:5009/v2/": dial tcp 192.0.2.9:5009: connect: no route to host',
        'Get "https://r.example/v2/": net/http: TLS handshake timeout',
        "fatal: unable to access 'http://192.0.2.9:59/x.git/': Failed to connect to 192.0.2.9 port"
        " 59 after 0 ms: Could not connect to server",
        "fatal: unable to access 'https://x/': Failed to connect to x port 443 after 1 ms:"
        " Connection refused",
        "ssh: connect to host 192.0.2.9 port 22: Connection refused\nfatal: Could not read from",
    ],
    "out of memory": [
        "npm ERR! FATAL ERROR: JavaScript heap out of memory",
        'process "/bin/sh -c npm run build" did not complete successfully: exit code: 137',
    ],
}
"""By cause: what programs of Debian 13 printed in the lab, and other words of the same."""


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


def told(name: str, number: int = 0, step: str = "") -> Found:
    found = find_cause(OUTPUTS[name][number], step)
    assert found
    return found


def test_the_sentence_has_what_is_known_of_the_cause() -> None:
    for number in range(5):
        assert "port 8080 of the host is taken by " in told("port taken", number).sentence
    assert "by the container squatter: stop that" in told("port taken", 3).sentence
    assert "by the process python3: stop that" in told("port taken", 4).sentence
    for name in ("blocked by a failed migration", "a migration failed"):
        assert "migration 20250310090000_drop failed" in told(name).sentence
    assert 'ERROR: column "b" of relation' in told("a migration failed").sentence
    for number in range(6):
        found = told("names do not resolve", number)
        assert "cannot resolve the name git.example.org:" in found.sentence
        assert "getent hosts git.example.org ||" in found.steps[0][-1]
    away = [told("registry or server away", number).sentence for number in range(6)]
    assert [text.split(" reach ")[1].split(":")[0] for text in away] == [
        "127.0.0.1 port 5009",
        "192.0.2.9 port 5009",
        "r.example port 443",
        "192.0.2.9 port 59",
        "x port 443",
        "192.0.2.9 port 22",
    ]


def test_a_step_that_needs_what_the_output_does_not_say_is_left_out() -> None:
    name = "unknown host key of the git server"
    steps = [[step[-1] for step in told(name, number).steps] for number in range(3)]
    assert steps == [
        ["'ssh-keyscan -p 22 192.0.2.3'", "preflight"],
        ["'ssh-keyscan -p 2222 192.0.2.3'", "preflight"],
        ["preflight"],
    ]
    dates = [[step[-1].split()[0] for step in told("wrong clock", n).steps] for n in (0, 1, 4)]
    assert dates == [["'date", "'openssl"], ["'date", "'openssl"], ["'date"]]


@pytest.mark.parametrize("name", ["$(id)", "`id`", "x'y", "-oProxyCommand=x"])
def test_no_word_of_another_program_gets_into_a_command_unless_it_is_harmless(name: str) -> None:
    found = find_cause(f"ssh: Could not resolve hostname {name}: Name or service not known")
    text = str(found.steps if found else "")
    assert "id" not in text
    assert "Proxy" not in text


def test_what_an_application_is_told_has_its_own_names() -> None:
    step = "wiki: fetch the code"
    assert told("deploy key refused", 0, step).steps[0][-1] == "WIKI__DEPLOY_KEY"
    assert told("deploy key refused").steps[0][-1] == "DEPLOY_KEY"
    key = "unknown host key of the git server"
    assert "among applications.wiki.repository_host_keys" in told(key, 0, step).sentence
    login = told("login refused by the registry", 0, "wiki: pull and build images")
    assert login.steps == (("secrets.set", "--key", "WIKI__TOKEN"),)
    assert "127.0.0.1:5001 does not accept the login of ops" in login.sentence


def test_this_machine_looks_at_itself_and_stores_for_the_host() -> None:
    where = Where("this machine", server="git.example.org", port="22")
    for name, commands in (
        ("unknown host key of the git server", ["ssh-keyscan -p 22 git.example.org"]),
        ("deploy key refused", ["invoke secrets.set --host a --key DEPLOY_KEY"]),
        ("token refused", ["invoke secrets.set --host a --key GIT_TOKEN"]),
    ):
        found = find_cause(OUTPUTS[name][-1], where=where)
        assert found
        assert commands_here(found, "a") == commands
    found = find_cause(OUTPUTS["names do not resolve"][0], where=where)
    assert found
    assert found.sentence.startswith("this machine cannot resolve the name git.example.org: ")


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


@pytest.mark.promise("A failure is told by its cause first")
def test_what_a_step_says_of_a_container_stands_before_the_log_of_that() -> None:
    said = "the new api did not become healthy (exited); the one that runs was not touched"
    log = "\n".join(f"  File line {n}" for n in range(20))
    outcomes = {"north": failed(f"pulled\n{said}\n--- new api; its last log lines:\n{log}\n")}
    lines = plain(recap_lines(outcomes, Repeat())).splitlines()
    assert f"north failed: {said}" in lines
    assert "    … 17 lines before: --verbose" in lines


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
        assert cause.steps or cause.name == "rate limit of the registry", cause.name
        for task, *options in cause.steps:
            known = {f"--{name}" for one in namespace[task].declared() for name in one.names}
            assert {one for one in options if one.startswith("--")} <= known, cause.name


def test_outcomes_of_older_runs_have_causes_too() -> None:
    data = {"a": {"outcome": "failed", "output": [BLOCKED], "step": "changemaker: migrate"}}
    assert cause_of(read_outcomes(data)["a"])
