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
TWO_WORKERS = ("-n", "2", "--dist", "loadfile")
"""Tests of one file share hosts; files share nothing, so two at a time have labs of their own."""

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


def run_tests(session: nox.Session, *words: str, paths: list[str]) -> None:
    """Run pytest over the paths, or over those of the command line, with its options."""
    asked = [word for word in session.posargs if not word.startswith("-")]
    options = [word for word in session.posargs if word.startswith("-")]
    run(session, "pytest", "--complete", *words, *options, *(asked or paths))


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting and lint rules (ruff)."""
    install(session, "lint", project=False)
    session.run("ruff", "format", "--check", ".")
    run(session, "ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict, over the library and the roles."""
    install(session, "types")
    run(session, "mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Unit tier and fake tier: no container is needed."""
    install(session, "test")
    run_tests(session, "-n", "2", "-q", "-m", "not lab", paths=["tests/unit", "tests/fake"])


@nox.session
def lab(session: nox.Session) -> None:
    """Lab tier: real hosts with systemd, sshd and Docker, in containers."""
    install(session, "test")
    on_hosts(session, ["tests/lab"])


@nox.session
def deep(session: nox.Session) -> None:
    """What takes too long for `nox`, whole or in parts: `nox -s deep -- rollouts`."""
    parts = nox.project.load_toml(DEEP / "parts.toml")
    asked = [word for word in session.posargs if not word.startswith("-")]
    options = [word for word in session.posargs if word.startswith("-")]
    table = [f"{name:14}{part['minutes']:4} min  {part['proves']}" for name, part in parts.items()]
    unknown = sorted(set(asked) - parts.keys())
    if unknown:
        session.error("\n".join([f"no such part: {', '.join(unknown)}. There are:", *table]))
    chosen = [part for name, part in parts.items() if name in (asked or parts)]
    print(*(row for row in table if row.split()[0] in (asked or parts)), sep="\n")
    print(f"{sum(part['minutes'] for part in chosen)} minutes one by one, two at a time")
    install(session, "test")
    files = [str(DEEP / file) for part in chosen for file in part["files"]]
    on_hosts(session, files, *options)


def on_hosts(session: nox.Session, paths: list[str], *options: str) -> None:
    """Run tests that need hosts; what an earlier run left behind is removed first."""
    session.run("python", "-m", "tests.lab.left_over")
    words = ("--complete", *TWO_WORKERS, "-v", "--durations=15")
    if session.name == "lab":
        run_tests(session, *words[1:], paths=paths)
    else:
        run(session, "pytest", *words, *options, *paths)


@nox.session
def demo(session: nox.Session) -> None:
    """Bring up the lab, deploy an instance onto a fresh host over SSH, show its status."""
    install(session)
    # Ctrl-C lets the step that is under way end; nox alone would kill it after half a second.
    command = ("python", "-m", "bunker.lab.demo", *session.posargs)
    session.run(*command, interrupt_timeout=120, terminate_timeout=30)


@nox.session
def bench(session: nox.Session) -> None:
    """Medians of the commands whose speed matters, measured in one run."""
    install(session, "test")
    session.run("python", "-m", "tests.bench", *session.posargs)


if os.environ.get("CI") and not sys.stdout.isatty():
    nox.options.stop_on_first_error = True
