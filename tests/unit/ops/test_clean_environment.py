"""Scripts that run as root inherit nothing from the host or from whoever logged in."""

import re
import subprocess
from pathlib import Path

from bunker.shell import CLEAN_SHELL, as_root, with_variables
from deploys.stack.armed import deadman_service

ROOT = Path(__file__).parents[3]
LEFT_OVER = {
    "SMTP_HOST": "left-over",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "de_DE.UTF-8",
    "BASH_ENV": "/x",
    "COMPOSE_PROJECT_NAME": "left-over",
    "DOCKER_HOST": "tcp://192.0.2.1:2375",
    "DOCKER_CONTEXT": "left-over",
}


def test_a_script_sees_no_variable_but_ours() -> None:
    done = subprocess.run(
        f"{CLEAN_SHELL} -c env",
        shell=True,
        env=LEFT_OVER,
        capture_output=True,
        text=True,
        check=True,
    )
    names = {line.split("=")[0] for line in done.stdout.splitlines()}
    ours = {"PATH", "HOME", "USER", "LOGNAME", "LC_ALL", "DOCKER_HOST"}
    assert names <= {*ours, "PWD", "SHLVL", "_"}
    assert "DOCKER_HOST=unix:///var/run/docker.sock" in done.stdout.splitlines()
    assert "LC_ALL=C.UTF-8" in done.stdout.splitlines()


def test_a_script_that_stays_on_the_host_speaks_no_other_language() -> None:
    done = subprocess.run(
        ["sh", "-c", with_variables('echo "$LC_ALL"')],
        env=LEFT_OVER,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "C.UTF-8\n"


def test_every_way_to_root_goes_through_the_clean_shell() -> None:
    assert as_root("true") == f"sudo -n -- {CLEAN_SHELL} -c true"
    other_ways = re.compile(r"_sudo\s*=|[\"']sudo -n -- (?!\{CLEAN_SHELL\})")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("bunker", "deploys")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if other_ways.search(line)
    ]
    assert found == []


def test_units_of_the_host_run_our_scripts_in_the_clean_shell_too() -> None:
    place = "/var/lib/bunker/apps/wiki/upgrade"
    script = f"[ ! -e {place}/deadline ] || exec /bin/sh {place}/deadman"
    assert f"ExecStart={CLEAN_SHELL} -c '{script}'" in deadman_service("wiki").splitlines()
