"""Sessions: `nox` runs lint, types and all test tiers; `nox -s demo` shows the product at work."""

import os
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "types", "tests", "lab"]
nox.options.reuse_existing_virtualenvs = True

ROOT = Path(__file__).parent
CONSTRAINTS = ["-c", str(ROOT / "constraints.txt")]
PYPROJECT = nox.project.load_toml("pyproject.toml")


def install(session: nox.Session, *groups: str, project: bool = True) -> None:
    """Install the project and dependency groups at the versions of constraints.txt."""
    wanted = [item for group in groups for item in nox.project.dependency_groups(PYPROJECT, group)]
    packages = [*(["-e", "."] if project else []), *wanted]
    session.install("--quiet", *packages, *CONSTRAINTS)


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting and lint rules (ruff)."""
    install(session, "lint", project=False)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict, over the library and the roles."""
    install(session, "types")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Unit tier and fake tier: no container is needed."""
    install(session, "test")
    arguments = session.posargs or ["tests/unit", "tests/fake"]
    session.run("pytest", "-n", "2", "-q", "-m", "not lab", *arguments)


@nox.session
def lab(session: nox.Session) -> None:
    """Lab tier: real hosts with systemd, sshd and Docker, in containers."""
    install(session, "test")
    arguments = session.posargs or ["tests"]
    session.run("pytest", "-m", "lab", "-v", "--durations=15", *arguments)


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
