"""A shell completes commands, options and names, and a key press loads next to nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bunker.completion import offer as offering
from bunker.completion.shells import SCRIPTS
from bunker.new_fleet.make import make_fleet
from deploys.roles import TAGS

ROOT = Path(__file__).resolve().parents[3]
HOST = "host: {name}\naddress: 192.0.2.1\ndomain: {name}.example.org\ngroups: {groups}\n{more}"
APPLICATIONS = """\
applications:
  # not-this: an example
  wiki:
    kind: compose
    domain: wiki.example.org

  forum: {kind: compose, folder: forum}
tags: []
"""
GROUPS = ["all", "base", "canary", "changemaker", "production"]
HEAVY = ("invoke", "pydantic", "yaml", "ruamel", "rich", "dbos", "sqlalchemy", "pyinfra", "jinja2")
HEAVY_OURS = ("bunker.tasks", "bunker.cli", "bunker.fleet", "bunker.secrets", "deploys")


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fleet of two hosts and a lab of one, and a cache of its own."""
    monkeypatch.setenv("BUNKER_AGE_KEY_FILE", str(tmp_path / "operator.age"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("BUNKER_ROOT", "BUNKER_FLEET", "BUNKER_JOURNAL_URL"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "fleet"
    make_fleet(root)
    folder = root / "inventories" / "production"
    (folder / "north.yml").write_text(
        HOST.format(name="north", groups="[changemaker, canary]", more="tags: [eu]  # no: [us]\n")
    )
    (folder / "south.yml").write_text(
        HOST.format(
            name="south", groups="\n  - changemaker # not this\n  - base", more=APPLICATIONS
        )
    )
    (folder / "north.sops.yml").write_text("")
    (root / "inventories" / "lab").mkdir()
    (root / "inventories" / "lab" / "east.yml").write_text("")
    monkeypatch.chdir(folder)
    return root


def offer(line: str) -> list[str]:
    """What is offered at the end of a command line behind `invoke`; a blank begins a new word."""
    return offering.offer(line.split(" "))


def runs(fleet: Path, *names: str) -> None:
    (fleet / ".bunker").mkdir()
    with closing(sqlite3.connect(fleet / ".bunker" / "runs.sqlite")) as database, database:
        database.execute("create table workflow_status (workflow_uuid text, created_at integer)")
        for number, name in enumerate(names):
            database.execute("insert into workflow_status values (?, ?)", (name, number))


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dep", ["deploy"]),
        ("run.re", ["run.resume", "run.retry-failed"]),
        ("deploy --dr", ["--dry"]),
        ("deploy --host ", ["north", "south"]),
        ("deploy --host n", ["north"]),
        ("deploy --host=s", ["--host=south"]),
        ("deploy --host = s", ["--host=south"]),
        ("deploy --host north,", ["north,south"]),
        ("deploy --dry --yes --host north --group ", GROUPS),
        ("status --tag ", ["eu"]),
        ("deploy --role ", [*TAGS]),
        ("deploy --tags ", [*TAGS]),
        ("deploy --ta", ["--tag"]),
        ("deploy --fleet ", ["lab", "production"]),
        ("status --fleet lab --host ", ["east"]),
        ("instance.show ", ["north", "south"]),
        ("lab.ssh ", ["east"]),
        ("completion ", ["bash", "fish", "zsh"]),
        ("status --json dep", ["deploy"]),
        ("deploy --ref ", []),
        ("logs --app ", ["changemaker", "forum", "wiki"]),
        ("logs --host north --app ", ["changemaker"]),
        ("upgrade south --app=w", ["--app=wiki"]),
        ("rollback --host south --app f", ["forum"]),
        ("--li", ["--list"]),
    ],
)
def test_what_fits_is_offered(line: str, words: list[str]) -> None:
    assert offer(line) == words


@pytest.mark.usefixtures("fleet")
def test_options_are_those_of_the_command() -> None:
    options = {"--go-on", "--roll-back", "--stop", "--run", "--verbose", "--json", "--yes"}
    assert options | {"--debug"} == set(offer("run.resume --")) == set(offer("run.resume 3f2a --"))
    assert "--json" in offer("status ")


def test_the_newest_runs_are_offered_first(fleet: Path) -> None:
    runs(fleet, "20261121T1-aa", "20261122T1-bb", "20261122T2-cc")
    assert offer("run.show ") == ["20261122T2-cc", "20261122T1-bb", "20261121T1-aa"]
    assert offer("run.resume 20261121") == ["20261121T1-aa"]


@pytest.mark.usefixtures("fleet")
def test_without_runs_or_with_a_damaged_record_there_are_none(fleet: Path) -> None:
    assert offer("run.show ") == []
    (fleet / ".bunker").mkdir()
    (fleet / ".bunker" / "runs.sqlite").write_text("this is no database")
    assert offer("run.show ") == []


@pytest.mark.usefixtures("fleet")
def test_another_projects_invoke_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    assert offer("dep") == []
    (other / "tasks.py").write_text("from invoke import task\n")
    assert offer("dep") == []


PRESS = """
import sys
from bunker.__main__ import main
main(["complete", "--", *sys.argv[1:]])
print(*sys.modules, file=sys.stderr)
"""


def test_a_key_press_loads_neither_the_commands_nor_any_package(fleet: Path) -> None:
    runs(fleet, "20261121T1-aa")
    offer("dep")  # the first one asks the program, and keeps the answer
    for line in ("dep", "deploy --", "deploy --host ", "deploy --group ", "run.show "):
        done = subprocess.run(
            [sys.executable, "-c", PRESS, *line.split(" ")],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout, line
        loaded = set(done.stderr.split())
        assert not loaded & {*HEAVY, *HEAVY_OURS}, line
        assert "subprocess" not in loaded


def test_what_the_program_can_is_asked_again_where_it_changed(
    fleet: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert offer("dep") == ["deploy"]
    (kept,) = (tmp_path / "cache" / "bunker" / "completion").iterdir()
    kept.write_text(kept.read_text().replace('"deploy"', '"deposit"'))
    assert offer("dep") == ["deposit"]
    monkeypatch.setattr(offering, "_mark", lambda: "another program")
    assert offer("dep") == ["deploy"]
    kept.write_text("not json")
    assert offer("dep") == ["deploy"]


def test_every_module_that_makes_a_command_counts_as_its_source() -> None:
    marked = offering._mark()
    for name in ("bunker/tasks.py", "bunker/cli/deploy.py", "bunker/runs/kinds/reboot.py"):
        assert f"{ROOT / name} " in marked
    assert f"{ROOT / 'deploys/base/__init__.py'} " in marked


def test_where_nothing_can_be_kept_it_still_answers(
    fleet: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file in the way")
    assert offer("dep") == ["deploy"]


def printed(shell: str, fleet: Path) -> str:
    """The script, as the command prints it."""
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "completion", shell],
        cwd=fleet,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def said(shell: str, script: str, fleet: Path) -> list[str]:
    done = subprocess.run(
        [shell, *(("-f",) if shell == "zsh" else ()), "-c", script],
        cwd=fleet,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BUNKER_FLEET": "production"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_bash_completes(fleet: Path) -> None:
    script = printed("bash", fleet)

    def press(*words: str) -> list[str]:
        line = " ".join(f"'{word}'" for word in words)
        return said(
            "bash",
            f"{script}\ncomplete -p invoke >/dev/null || exit 1\nCOMP_WORDS=({line})\n"
            f"COMP_CWORD={len(words) - 1}\n_bunker_invoke\n"
            'compgen -W "${COMPREPLY[*]}" || true',
            fleet,
        )

    assert press("invoke", "dep") == ["deploy"]
    assert press("invoke", "deploy", "--host", "") == ["north", "south"]
    assert press("invoke", "deploy", "--host", "=", "no") == ["north"]
    assert press("invoke", "deploy", "--host", "=") == ["north", "south"]
    assert press("invoke", "deploy", "--ref", "") == []


# Where a shell is not installed there is nothing to prove.
@pytest.mark.parametrize("shell", [name for name in ("zsh", "fish") if shutil.which(name)])
def test_other_shells_read_their_script(shell: str, fleet: Path, tmp_path: Path) -> None:
    file = tmp_path / "script"
    file.write_text(printed(shell, fleet))
    subprocess.run([shell, "-n", file], check=True, capture_output=True)
    if shell == "fish":
        asked = f"source {file}; complete -C 'invoke deploy --host '"
        assert said(shell, asked, fleet) == ["north", "south"]


@pytest.mark.usefixtures("fleet")
def test_each_script_names_the_python_that_has_the_program(fleet: Path) -> None:
    for shell in SCRIPTS:
        assert f"{sys.executable} -m bunker complete -- " in printed(shell, fleet)


def test_an_unknown_shell_is_a_sentence(fleet: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "completion", "tcsh"],
        cwd=fleet,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: there is no completion for 'tcsh'; expected bash, fish, zsh.\n"
