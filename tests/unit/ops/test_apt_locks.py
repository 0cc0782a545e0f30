"""Every call of apt and dpkg waits for whoever holds one of their locks, and names the holder."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bunker.ops.packages import APT_FUNCTIONS
from bunker.shell import with_variables

# fcntl, as dpkg does it; `flock` would be another kind of lock.
HOLD = (
    "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX);"
    " print('held', flush=True); time.sleep(float(sys.argv[2]))"
)


@contextmanager
def held(lock: Path, seconds: float) -> Iterator[int]:
    command = [sys.executable, "-c", HOLD, str(lock), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process.pid
        finally:
            process.kill()


def run(script: str, lock: Path, patience: int = 20) -> subprocess.CompletedProcess[str]:
    text = with_variables(
        APT_FUNCTIONS + script, APT_LOCKS=f"/no/such/lock {lock}", PATIENCE=patience
    )
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("call", ["finish_installation", "apt --version"])
def test_a_lock_is_waited_for_and_its_holder_named(tmp_path: Path, call: str) -> None:
    lock = tmp_path / "lock-frontend"
    began = time.monotonic()
    with held(lock, 1.5) as process:
        done = run(f"dpkg() {{ echo ran; }}\n{call}", lock)
    assert time.monotonic() - began >= 1.4
    assert done.returncode == 0, done.stderr
    assert f"waiting for process {process} (" in done.stdout
    assert str(lock) in done.stdout


def test_a_lock_that_is_never_given_back_ends_with_the_name_of_its_holder(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock, 60) as process:
        done = run("apt update", lock, patience=1)
    assert done.returncode == 75
    assert f"{lock} is held by process {process} ({sys.executable} -c" in done.stderr
    assert done.stderr.endswith("nothing was installed\n")


def test_a_program_that_was_quicker_is_waited_for_again(tmp_path: Path) -> None:
    counter = tmp_path / "tries"
    busy = f"""
    busy() {{
      echo try >> {counter}
      [ "$(wc -l < {counter})" -gt 2 ] && return 0
      echo 'E: Could not get lock /var/lib/dpkg/lock-frontend' >&2; return 100
    }}
    patiently busy
    """
    done = run(busy, tmp_path / "free")
    assert done.returncode == 0, done.stderr
    assert counter.read_text().count("try") == 3


def test_another_failure_is_not_tried_again(tmp_path: Path) -> None:
    done = run("broken() { echo 'E: no such package'; return 100; }\npatiently broken", tmp_path)
    assert (done.returncode, done.stdout) == (100, "E: no such package\n")


def test_both_package_scripts_call_apt_through_the_waiting_functions() -> None:
    root = Path(__file__).parents[3]
    scripts = [
        root / "bunker/ops/scripts/install.sh",
        *(root / "deploys/os_upgrade/scripts").glob("*.sh"),
    ]
    bare = [
        f"{path.name}: {line.strip()}"
        for path in scripts
        for line in path.read_text().splitlines()
        if line.lstrip().startswith(("apt-get ", "dpkg "))
    ]
    assert bare == []


def test_what_a_package_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    left = "dpkg() { sleep 30 & echo said; echo also >&2; return 3; }"
    done = run(f"{left}\nfinish_installation", tmp_path / "lock")
    assert (done.returncode, done.stdout) == (3, "said\nalso\n")
    assert time.monotonic() - began < 20, "a pipe would have been open for 30 seconds"
