"""What fails before files are switched leaves images' names, and the mark of what was built."""

import os
import subprocess
from pathlib import Path

import pytest

from bunker.application.layout import layout_function
from bunker.shell import script_file, with_variables
from tests.unit.changemaker.repositories import Server

SCRIPTS = Path(__file__).parents[3] / "deploys/stack/scripts"
DOCKER = r"""#!/bin/sh
case "$*" in
  *" config") cat "$WORLD/config" ;;
  "inspect --format"*) cat "$WORLD/containers" ;;
  "ps -q") cut -d ' ' -f 5 "$WORLD/containers" ;;
  *"config --images") echo app-api; echo postgres:16 ;;
  *" pull "*) cat "$WORLD/pull" >&2; test ! -s "$WORLD/pull" ;;
  *" build "*) echo sha256:new > "$WORLD/app-api"; exit "${BUILD_ENDS:-0}" ;;
  version*) echo 26.1 ;;
  tag*) echo "$2" > "$WORLD/$3" ;;
  "image inspect --format"*) cat "$WORLD/$5" ;;
esac
"""
RUNUSER = '#!/bin/sh\nshift 3\n[ -z "${NO_GIT-}" ] || [ "$1" != env ] || exit 0\nexec "$@"\n'


@pytest.fixture
def world(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    stand_ins = {
        "docker": DOCKER,
        "runuser": RUNUSER,
        "ss": '#!/bin/sh\ncat "$WORLD/processes"\n',
    }
    for name in ("config", "containers", "processes", "pull"):
        (tmp_path / name).touch()
    for name, text in stand_ins.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "app-api").write_text("sha256:old\n")
    (tmp_path / "postgres:16").write_text("sha256:pg\n")
    (tmp_path / "state/apps/changemaker/state").mkdir(parents=True)
    (tmp_path / "state/apps/changemaker/state/built").write_text("old\n")
    return tmp_path


def prepare(world: Path, ends: str, more: str = "") -> int:
    return prepared(world, ends, more).returncode


def prepared(
    world: Path, ends: str, more: str = "", directory: str = "", commit: str = "new"
) -> subprocess.CompletedProcess[str]:
    """Run the script; without a folder git does nothing."""
    text = (
        layout_function()
        + "".join(script_file(SCRIPTS / f"{n}.sh") for n in ("before_switch", "prepare"))
        + more
    )
    text = text.replace("/var/lib/bunker", str(world / "state"))
    text = text.replace("/var/tmp", str(world))
    text = text.replace(
        'base64 -d | tar -x -f - -C "$STAGE/bundle"', 'mkdir -p "$STAGE/bundle$DIRECTORY"'
    )
    script = with_variables(
        text,
        DIRECTORY=directory or "/d",
        PROJECT="app",
        OWNER="x",
        APP_NAME="changemaker",
        COMMIT=commit,
        BUILD="1",
    )
    environment = {"PATH": f"{world / 'bin'}:{os.environ['PATH']}", "WORLD": str(world)}
    done = subprocess.run(
        ["sh", "-c", script],
        env={**environment, "BUILD_ENDS": ends, "NO_GIT": "" if directory else "yes"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "not found" not in done.stderr
    assert not list(world.glob("bunker-code.*"))
    return done


def state(world: Path) -> tuple[str, str, list[str]]:
    built = world / "state/apps/changemaker/state/built"
    left = sorted(path.name for path in (world / "state/stage").iterdir())
    return (world / "app-api").read_text().strip(), built.read_text().strip(), left


def test_a_build_that_works_is_what_starts_next(world: Path) -> None:
    assert prepare(world, "0") == 0
    assert state(world) == ("sha256:new", "new", [])


def test_after_a_build_that_fails_nothing_has_to_be_gone_back_from(world: Path) -> None:
    assert prepare(world, "17") == 17
    assert state(world) == ("sha256:old", "old", [])


def test_after_a_failure_between_build_and_switch_neither(world: Path) -> None:
    assert prepare(world, "0", "\nimages_back\n") == 0
    assert state(world) == ("sha256:old", "old", [])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('Head "http://b.example/v2/x": no basic auth credentials', "b refuses"),
        ("web Error unauthorized: authentication required", "a refuses\nb refuses"),
        ('Get "http://b.example/v2/": dial tcp: connection refused', ""),
    ],
)
def test_a_login_that_a_registry_refuses_is_told_with_its_own_sentence(
    world: Path, said: str, shown: str
) -> None:
    logins = world / "state/apps/changemaker/docker"
    logins.mkdir()
    (logins / "refused").write_text("a.example|a refuses\nb.example|b refuses\n")
    (world / "pull").write_text(f"{said}\n")
    done = prepared(world, "0")
    assert done.returncode == 1
    assert done.stderr.strip() == f"{said}\n{shown}".strip()
    assert state(world) == ("sha256:old", "old", [])


def test_compose_and_a_build_find_all_files_that_the_checkout_has(
    world: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = Server(tmp_path_factory.mktemp("server"))
    server.clone()
    files = {".gitattributes": "docs export-ignore\n", "docs/a": "1\n", "compose.yml": "2\n"}
    commit = server.commit("not all for export", files)
    assert server.script("git", "fetch", commit=commit).returncode == 0
    index = (server.directory / ".git/index").read_bytes()
    (world / "bunker-code.killed").mkdir()
    found = 'find . -type f -printf "%m %P\\n" | sort -k 2\n'
    done = prepared(world, "0", found, str(server.directory), commit)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        *("644 .gitattributes", "644 a/file", "644 compose.yml", "644 docs/a"),
    ]
    assert (server.directory / ".git/index").read_bytes() == index
    assert not (server.directory / "docs").exists()
