"""Finding a Docker engine, and starting one where we are root and none runs."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bunker.errors import BunkerError
from bunker.lab import wait
from bunker.lab.engine import Engine, EngineError
from bunker.lab.machine import install, is_root
from bunker.lab.progress import progress

# Where a hand-started dockerd and its containerd leave their process ids.
PID_FILES = (Path("/var/run/docker.pid"), Path("/var/run/docker/containerd/containerd.pid"))
LOG = Path("/var/log/bunker-lab-dockerd.log")
START_SECONDS = 60.0


def running_engine() -> Engine:
    """An engine that answers: the running one, or one started here when run as root."""
    engine = _answering()
    if engine:
        return engine
    remote = os.environ.get("DOCKER_HOST", "")
    if remote and not remote.startswith("unix:"):
        raise BunkerError(
            f"the engine at {remote} does not answer",
            where="DOCKER_HOST",
            expected="a local engine: lab hosts are reached at their own addresses",
        )
    if not is_root():
        if not shutil.which("docker") and not shutil.which("dockerd"):
            raise BunkerError(
                "the lab needs Docker, which is not installed",
                remedy="Install it as root: apt install docker.io",
            )
        raise BunkerError(
            "no Docker engine answers, and starting one takes root",
            remedy="Start it (sudo systemctl start docker) or join the group docker",
        )
    if shutil.which("dockerd") is None:
        progress("installing the Docker engine")
        install("docker.io")
    progress("starting the Docker engine")
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "start", "docker"], check=True, timeout=START_SECONDS)
    else:
        remove_stale_pid_files(PID_FILES)
        _start_detached()
    return wait.until(
        _answering,
        seconds=START_SECONDS,
        what="the start of the Docker engine",
        every=0.2,
        explain=lambda: _last_line(LOG),
    )


def _answering() -> Engine | None:
    try:
        return Engine()
    except EngineError:
        return None


def remove_stale_pid_files(files: Iterable[Path], proc: Path = Path("/proc")) -> list[Path]:
    """Remove pid files whose process is gone or a zombie; dockerd refuses to start over them."""
    removed = []
    for file in files:
        try:
            text = file.read_text().strip()
        except FileNotFoundError:
            continue
        if not text.isdigit() or not _lives(proc / text):
            file.unlink(missing_ok=True)
            removed.append(file)
    return removed


def _lives(process: Path) -> bool:
    try:
        status = (process / "stat").read_text()
    except OSError:
        return False
    # "123 (name) S ...": the state follows the last parenthesis; Z and X are dead.
    state_is_dead = status.rpartition(")")[2].split()[0] in ("Z", "X")
    named = status.partition("(")[2].rpartition(")")[0]
    # Process ids are given out again: another program under that number is no engine.
    return not state_is_dead and named.startswith(("dockerd", "containerd"))


def _start_detached() -> None:
    with LOG.open("ab") as log:
        subprocess.Popen(  # lives on after us: its own session, no inherited streams
            ["dockerd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def _last_line(log: Path) -> str:
    if not log.exists():
        return ""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
