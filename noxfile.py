"""Sessions: `nox` runs lint, types and all test tiers; `nox -s deep` what takes longer.

`nox -s demo` shows the product at work.
"""

import atexit
import os
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "types", "tests", "lab"]
nox.options.reuse_existing_virtualenvs = True

ROOT = Path(__file__).parent
CONSTRAINTS = ["-c", str(ROOT / "constraints.txt")]
PYPROJECT = nox.project.load_toml("pyproject.toml")
DEEP = ROOT / "tests" / "deep"
TWO_WORKERS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""Tests of one file share hosts; files share nothing, so two at a time have labs of their own.

The order is ours: the longest files first, see tests/conftest.py.
"""

ended: list[tuple[str, float]] = [("", time.monotonic())]
"""Which session ended when."""


@atexit.register
def print_minutes() -> None:
    """A table of how long each session took, its environment included."""
    if len(ended) == 1:
        return
    rows = [(name, at - before) for (_, before), (name, at) in pairwise(ended)]
    rows.append(("all", ended[-1][1] - ended[0][1]))
    print("minutes by session:", *(f"{s / 60:6.1f}  {name}" for name, s in rows), sep="\n")


def install(session: nox.Session, *groups: str, project: bool = True) -> None:
    """Install the project and dependency groups at the versions of constraints.txt."""
    wanted = [item for group in groups for item in nox.project.dependency_groups(PYPROJECT, group)]
    packages = [*(["-e", "."] if project else []), *wanted]
    session.install("--quiet", *packages, *CONSTRAINTS)


def run(session: nox.Session, *words: str, **options: Any) -> None:
    """Run the last command of a session and note when it ended, however it does."""
    try:
        session.run(*words, **options)
    finally:
        ended.append((session.name, time.monotonic()))


def asked(session: nox.Session) -> list[str]:
    """The words behind `--` that are no options: paths of tests, or parts of the deep tier."""
    return [word for word in session.posargs if not word.startswith("-")]


def run_tests(session: nox.Session, *words: str) -> None:
    """Run pytest, with the options behind `--`; a test that was left out fails the session."""
    options = [word for word in session.posargs if word.startswith("-")]
    run(session, "pytest", "--complete", *words, *options)


def run_on_hosts(session: nox.Session, *paths: str) -> None:
    """Run tests that need hosts; what an earlier run left behind is removed first."""
    session.run("python", "-m", "tests.lab.left_over")
    run_tests(session, *TWO_WORKERS, "-v", "--durations=15", *paths)


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting and lint rules (ruff), and who may import what (import-linter)."""
    install(session, "lint", project=False)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    run(session, "lint-imports", "--no-logo", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict, over the library and the roles."""
    install(session, "types")
    run(session, "mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Unit tier and fake tier: no container is needed."""
    install(session, "test")
    paths = asked(session) or ["tests/unit", "tests/fake"]
    # Tests that wait for a process or a clock leave the processors to a third worker.
    run_tests(session, "-n", "3", "--dist", "worksteal", "-q", "-m", "not lab", *paths)


@nox.session
def lab(session: nox.Session) -> None:
    """Lab tier: real hosts with systemd, sshd and Docker, in containers."""
    install(session, "test")
    run_on_hosts(session, *(asked(session) or ["tests/lab"]))


@nox.session
def deep(session: nox.Session) -> None:
    """What takes too long for `nox`, whole or in parts: `nox -s deep -- rollouts`."""
    parts = nox.project.load_toml(DEEP / "parts.toml")
    left_out = {name: it["needs"] for name, it in parts.items() if "needs" in it}
    wanted = asked(session) or [name for name in parts if name not in left_out]
    rows = {name: f"{name:14}{it['minutes']:4} min  {it['proves']}" for name, it in parts.items()}
    unknown = [name for name in wanted if name not in parts]
    if unknown:
        session.error("\n".join([f"no part {', '.join(unknown)}. There are:", *rows.values()]))
    print(*(rows[name] for name in wanted), sep="\n")
    minutes = sum(parts[name]["minutes"] for name in wanted)
    print(f"{minutes} minutes one after the other, two at a time less")
    for name, needed in left_out.items():
        if name not in wanted:
            print(f"not among them, as it needs {needed}: nox -s deep -- {name}")
    install(session, "test")
    run_on_hosts(session, *(str(DEEP / file) for name in wanted for file in parts[name]["files"]))


@nox.session
def demo(session: nox.Session) -> None:
    """Bring up the lab, deploy an instance onto a fresh host over SSH, show its status."""
    install(session)
    # Ctrl-C lets the step that is under way end; nox alone would kill it after half a second.
    command = ("python", "-m", "bunker.lab.demo", *session.posargs)
    session.run(*command, interrupt_timeout=120, terminate_timeout=30)


@nox.session
def casts(session: nox.Session) -> None:
    """Render the recorded terminals in docs/casts as SVG (`nox -s deep -- documents` records)."""
    install(session, "casts", project=False)
    for cast in sorted((ROOT / "docs" / "casts").glob("*.cast")):
        session.run("termtosvg", "render", str(cast), str(cast.with_suffix(".svg")))


@nox.session
def bench(session: nox.Session) -> None:
    """Medians of the commands whose speed matters, measured in one run."""
    install(session, "test")
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session
def corpus(session: nox.Session) -> None:
    """Measure the schema check against a Postgres of its own (`--record` keeps it)."""
    install(session, "test")
    session.run("python", "-m", "tests.corpus", *session.posargs)


if os.environ.get("CI") and not sys.stdout.isatty():
    nox.options.stop_on_first_error = True
