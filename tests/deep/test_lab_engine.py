"""The engine is installed and started where none runs, and again after it was killed."""

from __future__ import annotations

import io
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import bunker
from bunker.lab import flags, wait
from bunker.lab.daemon import running_engine
from bunker.lab.engine import Engine
from bunker.lab.images import Images
from bunker.lab.recipes import SERVICE_BASE

pytestmark = pytest.mark.lab

START = """
import contextlib, io
from bunker.lab.daemon import running_engine
said = io.StringIO()
with contextlib.redirect_stderr(said):
    engine = running_engine()
print("|".join(said.getvalue().splitlines()), engine.info()["ID"], sep="#")
"""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[tuple[Engine, str]]:
    """A bare machine without systemd: Python is there, an engine is not."""
    engine = running_engine()
    base = Images(engine, tmp_path).base(SERVICE_BASE)
    name = f"bunker-test-machine-{uuid.uuid4().hex[:8]}"
    config = flags.host_config(engine.cgroup_version, flags.read_missing_capabilities())
    engine.create_container(
        base,
        ["sleep", "infinity"],
        name=name,
        environment=["container=docker"],
        volumes=["/var/lib/docker"],
        host_config={**config, "Init": True},
    )
    try:
        engine.start(name)
        engine.execute(name, "apt-get", "update", "--quiet=2")
        wanted = ("python3-docker", "python3-filelock", "ca-certificates", "procps")
        run = ("apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *wanted)
        engine.execute(name, *run, seconds=180)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(Path(bunker.__file__).parent, "opt/bunker")
        engine.put_archive(name, "/", archive.getvalue())
        yield engine, name
    finally:
        engine.remove(name)


def start(engine: Engine, machine: str) -> tuple[list[str], str]:
    """What was said on the way to a running engine, and the engine's id."""
    run = ("env", "PYTHONPATH=/opt", "python3", "-c", START)
    said, _, identifier = engine.execute(machine, *run, seconds=300).rpartition("#")
    return said.split("|"), identifier


def test_an_engine_is_installed_started_and_started_again_after_a_kill(
    machine: tuple[Engine, str],
) -> None:
    engine, name = machine
    said, identifier = start(engine, name)
    assert said == ["lab: installing the Docker engine", "lab: starting the Docker engine"]
    assert start(engine, name) == ([""], identifier), "a running engine is left as it is"

    engine.execute(name, "pkill", "-KILL", "dockerd|containerd")
    wait.until(
        lambda: engine.attempt(name, "pgrep", "dockerd|containerd").returncode == 1,
        seconds=20,
        what="the end of the killed engine",
    )
    engine.execute(name, "test", "-e", "/var/run/docker.pid")
    assert start(engine, name) == (["lab: starting the Docker engine"], identifier)
