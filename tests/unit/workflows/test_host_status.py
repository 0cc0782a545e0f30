"""Asking a host for its state: the script really runs in a shell, against stand-in programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.host_keys import Unreachable
from bunker.remote import Completed, Remote
from bunker.workflows.health import assess
from bunker.workflows.health_answer import failing_parts
from bunker.workflows.probe import Probe, read_probe, script_for
from bunker.workflows.status import status_of
from tests.unit.workflows.probe_answers import API, GENERATION, HEALTHY, UP, answer, encoded, probe

Program = Callable[[str, str], None]

DOCKER = r"""
case "$*" in
  "inspect --format {{json (index .Config "*|"image inspect "*) echo '{"Test":["x"]}' ;;
  inspect*)
    echo "1|redis|/app-redis-1|exited|none|137|unless-stopped|0|sha256:1|"
    echo "2|api|/app-api-1|running|unhealthy|0|always|1|x|redis:service_healthy:false"
    echo "3|nginx|/app-nginx-1|running|healthy|0|unless-stopped|1|sha256:1|"
    echo "4|admin|/app-admin-1|running|starting|0|unless-stopped|1|sha256:1|"
    echo "5|newt|/app-newt-1|running|none|0|unless-stopped|0|sha256:1|"
    echo "6|migrate|/app-migrate-1|exited|none|0|no|0|sha256:1|"
    echo "7|init|/app-init-1|exited|none|3|on-failure|0|sha256:1|"
    echo "8|chown|/app-chown-1|exited|none|0|unless-stopped|0|sha256:1|"
    echo "9|served|/app-served-1|exited|none|0|no|1|sha256:1|"
    echo "10|assets|/app-assets-1|exited|unhealthy|0|no|0|sha256:1|"
    ;;
  *"label=com.docker.compose.project=changemaker-lite"*)
    echo '1|Exited (137) 3 minutes ago'
    echo '2|Up 2 hours (unhealthy)'
    for id in 3 4 5 6 7 8 9 10; do echo "$id|Up 2 hours"; done
    ;;
  *) echo "unexpected: docker $*" >&2; exit 64 ;;
esac
"""
CURL = r"""
case "$*" in
  *"Host: north.example.org"*"http://127.0.0.1:8080/api/health"*) ;;
  *) echo "unexpected: curl $*" >&2; exit 64 ;;
esac
printf '{"status":"error","checks":{"database":"ok","redis":"down"}}\n503'
"""


def test_the_question_is_one_posix_script(remote: Remote, host: Host, program: Program) -> None:
    program("docker", DOCKER)
    program("curl", CURL)
    Path(host.application.directory, ".env").write_text("A=1\nNGINX_HTTP_PORT='8080'\n")
    done = remote.run(script_for(host), sudo=True)
    assert (done.returncode, done.stderr) == (0, "")
    found = read_probe("north", done.stdout, API)
    assert found.uptime_seconds > 0
    assert found.disk_free > 0
    assert found.health.code == 503
    assert found.health.failing == ("redis",)
    assert [(item.service, item.health, item.fine) for item in found.containers] == [
        ("admin", "starting", True),
        ("api", "unhealthy", False),
        ("assets", "unhealthy", True),
        ("chown", "none", False),
        ("init", "none", False),
        ("migrate", "none", True),
        ("newt", "none", True),
        ("nginx", "healthy", True),
        ("redis", "none", False),
        ("served", "none", False),
    ]


def test_a_bare_host_is_not_deployed(remote: Remote, host: Host, program: Program) -> None:
    program("docker", "exit 0")
    found = read_probe("north", remote.run(script_for(host), sudo=True).stdout, API)
    assert (found.installed, found.health.code) == (False, None)
    assert assess(found).state == "not deployed"


def test_an_engine_that_does_not_answer_is_told(
    remote: Remote, host: Host, program: Program
) -> None:
    program("docker", "echo 'Cannot connect to the Docker daemon'; exit 1")
    program("curl", "printf '\\n000'; exit 7")
    Path(host.application.directory, ".env").write_text("NGINX_HTTP_PORT=80\n")
    found = read_probe("north", remote.run(script_for(host), sudo=True).stdout, API)
    assert found.engine == "failed"
    assert found.health.code == 0
    assert "the Docker engine does not answer" in assess(found).reasons
    assert "the API does not answer through nginx" in assess(found).reasons


@pytest.mark.parametrize(
    ("found", "state", "reason"),
    [
        (probe(HEALTHY, UP), "healthy", None),
        (
            probe(HEALTHY, UP + "n8n|restarting|none|1|-|a-n8n-1|Restarting (1)\n"),
            "degraded",
            "n8n is restarting",
        ),
        (
            probe(encoded(503, {"database": False, "redis": True}), UP),
            "unhealthy",
            "the API answers 503: database failing",
        ),
        (probe(encoded(502, "Bad Gateway"), UP), "unhealthy", "the API answers 502"),
        (probe(HEALTHY, UP, generation=None), "unfinished", "no generation was recorded"),
        (
            probe("no-curl", UP),
            "unhealthy",
            "the API could not be asked: curl is missing on the host",
        ),
        (probe("absent", "", generation=None), "not deployed", None),
    ],
)
def test_the_verdict(found: Probe, state: str, reason: str | None) -> None:
    verdict = assess(found)
    assert verdict.state == state
    assert verdict.reasons[:1] == ((reason,) if reason else ())
    assert verdict.healthy == (state == "healthy")


@pytest.mark.parametrize(
    "output",
    [
        "",
        answer(HEALTHY).replace("@@bunker end", ""),
        answer("200 %%%notbase64"),
        answer(HEALTHY).replace("4000 6000", "df: error"),
        answer(HEALTHY, "just-one-word\n"),
        answer(HEALTHY, generation=[1]),
    ],
)
@pytest.mark.promise("Nothing is guessed")
def test_an_answer_that_makes_no_sense_is_never_guessed(host: Host, output: str) -> None:
    with pytest.raises(BunkerError, match="cut short or cannot be read"):
        read_probe("north", output, API)
    status = status_of(host, Completed("north", 0, output, ""))
    assert (status.verdict.state, status.probe) == ("unknown", None)


NEW_COMMIT = "9b1d" * 10
CUT_OFF = "the last deployment failed or was cut off"


@pytest.mark.parametrize(
    ("found", "state", "reasons"),
    [
        (answer(HEALTHY, UP, applied=False), "unfinished", (CUT_OFF,)),
        (
            answer(HEALTHY, UP, applied=False, checkout=GENERATION["commit"]),
            "unfinished",
            (CUT_OFF,),
        ),
        (
            answer(HEALTHY, UP, applied=False, checkout=NEW_COMMIT),
            "unfinished",
            (f"{CUT_OFF}; the checkout is at commit 9b1d9b1",),
        ),
        (
            answer("absent", generation=None, applied=False, checkout="empty"),
            "unfinished",
            (CUT_OFF, "no container exists"),
        ),
        (
            answer(HEALTHY, UP, applied=False, upgrade="@@bunker halted\nit drops a column\n"),
            "unfinished",
            ("the last deployment failed and was not rolled back: it drops a column",),
        ),
        (
            answer(HEALTHY, UP, applied=False, upgrade="@@bunker returns\n250\n"),
            "unfinished",
            ("a change is under way; the host rolls it back in 250 s unless its run goes on",),
        ),
        (answer("absent", generation=None, applied=False), "not deployed", ()),
        (answer(HEALTHY, UP, checkout=NEW_COMMIT), "healthy", ()),
    ],
)
def test_a_deployment_that_did_not_end_is_told(
    found: str, state: str, reasons: tuple[str, ...]
) -> None:
    verdict = assess(read_probe("north", found, API))
    assert (verdict.state, verdict.reasons) == (state, reasons)


@pytest.mark.parametrize(
    ("files", "checkout"),
    [
        ({"HEAD": NEW_COMMIT}, NEW_COMMIT),
        ({"HEAD": "ref: refs/heads/v2", "refs/heads/v2": NEW_COMMIT}, NEW_COMMIT),
        ({"HEAD": "ref: refs/heads/master"}, ""),
        ({}, None),
    ],
)
def test_the_commit_that_is_checked_out(
    remote: Remote, host: Host, program: Program, files: dict[str, str], checkout: str | None
) -> None:
    program("docker", "exit 0")
    for name, text in files.items():
        path = Path(host.application.directory, ".git", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    found = read_probe("north", remote.run(script_for(host), sudo=True).stdout, API)
    assert found.checkout == checkout


def test_hosts_that_did_not_answer(host: Host) -> None:
    gone = status_of(host, Unreachable("it refuses connections", where="north"))
    assert (gone.verdict.state, gone.verdict.reasons) == (
        "unreachable",
        ("it refuses connections",),
    )
    refused = status_of(host, Completed("north", 1, "", "x\nsudo: a password is required\n"))
    assert refused.verdict.state == "unknown"
    assert "a password is required" in refused.verdict.reasons[0]


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ({"status": "ok", "database": "ok"}, []),
        ({"status": "error", "database": "down", "redis": {"status": "up"}}, ["database"]),
        ({"checks": {"database": {"ok": False}, "queue": {"healthy": True}}}, ["database"]),
        ({"failing": ["redis"]}, ["redis"]),
        ({"failing": "database", "version": "2"}, ["database"]),
        (
            {"status": "error", "failing": ["redis"], "database": "ok", "redis": "ConnectionError"},
            ["redis"],
        ),
        ("Bad Gateway", []),
        (None, []),
    ],
)
def test_the_failing_part_is_found_however_the_answer_nests_it(
    body: object, parts: list[str]
) -> None:
    assert failing_parts(body) == parts
