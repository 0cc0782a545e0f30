"""Logs: redacted line by line, and every way of not getting them is one sentence."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.host_keys import Unreachable
from bunker.masking import MASK, Redactor, Secret
from bunker.remote import Remote
from bunker.workflows.logs import BEGIN, logs_script, stream_logs

Program = Callable[[str, str], None]
REDACT = Redactor([Secret("canary-password")])


def read(remote: Remote, **options: object) -> list[str]:
    lines: list[str] = []
    stream_logs(remote, REDACT, lines.append, fleet="lab", **options)  # type: ignore[arg-type]
    return lines


def test_lines_arrive_with_secrets_masked(remote: Remote, program: Program) -> None:
    said = 'echo "$*"; echo "login canary-password" >&2; echo end'
    program("docker", f'[ "$1" != ps ] || {{ echo redis; echo api; exit; }}; {said}')
    assert read(remote, service="api", lines=7) == [
        "compose -p changemaker-lite logs --no-color --tail 7 -- api",
        f"login {MASK}",
        "end",
    ]
    assert read(remote)[0] == "compose -p changemaker-lite logs --no-color --tail 100"


def test_colours_are_left_out_and_hide_no_secret(remote: Remote, program: Program) -> None:
    said = r"printf '\033[2K\033[32mlogin canary-\033[1mpassword\033[0m\r\n50%%\r100%%\n'"
    program("docker", f'[ "$1" != ps ] || {{ echo api; exit; }}; {said}')
    assert read(remote) == [f"login {MASK}", "50%", "100%"]


def test_a_service_that_is_not_there(remote: Remote, program: Program) -> None:
    program("docker", "[ $1 = ps ] || echo 'no such service: apx'; exit 1")
    with pytest.raises(BunkerError, match=r"no service 'apx'\. It has no container yet"):
        read(remote, service="apx")
    with pytest.raises(BunkerError, match="not a service"):
        read(remote, service="--help")
    with pytest.raises(BunkerError, match="1 or more"):
        read(remote, lines=0)


def test_a_misspelt_service_names_those_of_the_host(
    remote: Remote, host: Host, program: Program
) -> None:
    project = host.application.project
    program(
        "docker",
        f"""case "$*" in "ps -a --filter label=com.docker.compose.project={project} "*) ;;
        *) echo must not run; exit 64 ;; esac
        echo redis; echo api; echo api""",
    )
    with pytest.raises(
        BunkerError,
        match=r"has no service 'ap'\. Perhaps api was meant\. It has: api, redis",
    ):
        read(remote, service="ap")
    with pytest.raises(BunkerError, match=r"no service 'xyzzy'\. It has: api, redis"):
        read(remote, service="xyzzy")


def test_nothing_deployed(remote: Remote, host: Host, program: Program) -> None:
    program("docker", "echo must not run; exit 1")
    Path(host.application.directory).rmdir()
    with pytest.raises(
        BunkerError, match=r"nothing is deployed.*invoke deploy --fleet lab --host north\.$"
    ):
        read(remote)


def test_an_unreachable_host_has_its_reason(remote: Remote, program: Program) -> None:
    program("ssh", "echo 'connect to host x port 22: Connection refused' >&2; exit 255")
    with pytest.raises(Unreachable, match="refuses connections"):
        read(remote)


def test_a_follower_ends_with_its_input(host: Host, program: Program, tmp_path: Path) -> None:
    follow = f"echo $$ > {tmp_path}/pid; echo first; exec sleep 60"
    program("docker", f'[ "$1" != ps ] || {{ echo api; exit; }}; {follow}')
    script = logs_script(host, "api", 5, follow=True)
    with subprocess.Popen(
        ["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert [process.stdout.readline(), process.stdout.readline()] == [f"{BEGIN}\n", "first\n"]
        started = time.monotonic()
        process.stdin.close()
        process.wait(timeout=10)
        assert time.monotonic() - started < 5
    child = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{child}").exists()


def test_ctrl_c_ends_a_follower_without_an_error(remote: Remote, program: Program) -> None:
    program("docker", "echo first; exec sleep 60")
    seen: list[str] = []

    def stop(line: str) -> None:
        seen.append(line)
        raise KeyboardInterrupt

    stream_logs(remote, REDACT, stop, fleet="lab", follow=True)
    assert seen == ["first"]
    with pytest.raises(KeyboardInterrupt):
        stream_logs(remote, REDACT, stop, fleet="lab")
