"""A run of the tests that is killed, interrupted, or not the only one spoils no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bunker.lab.daemon import running_engine
from bunker.lab.engine import Engine
from bunker.lab.names import Naming
from bunker.product import CODE as CHECKOUT
from tests.lab.left_over import remove_labs

pytestmark = pytest.mark.lab

HOSTED = "tests/lab/test_settings.py::test_on_a_bare_host_the_env_tag_says_what_to_do_first"
"""A short test that needs a host."""


class TestRun:
    """Runs of the same tests in one place, as in one clone."""

    __test__ = False

    def __init__(self, place: Path) -> None:
        self.place = place
        self.engine: Engine = running_engine()
        # pytest counts a worker of its own for these, whatever runs them.
        self.naming = Naming.of(place / "gw0", "lab")

    def start(self) -> subprocess.Popen[str]:
        """Begin a run, in a session of its own as a shell would."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-n", "1", "-q", "-m", "lab", HOSTED],
            cwd=CHECKOUT,
            env={**inherited, "BUNKER_TEST_LAB_ROOT": str(self.place)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def passes(self) -> None:
        """The next run passes and leaves nothing."""
        process = self.start()
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert self.objects() == []

    def objects(self) -> list[str]:
        """What the engine has of this place."""
        own = self.naming.filters
        listed = [
            *self.engine.containers(all=True, filters=own),
            *self.engine.networks(filters=own),
        ]
        volumes = self.engine.volumes(filters=own)["Volumes"] or []
        return [item["Id"] for item in listed] + [item["Name"] for item in volumes]

    def until_it_has_a_host(self) -> None:
        """Wait until a run is in the middle of its work."""
        labels = [*self.naming.filters["label"], "bunker.lab.part=host"]
        deadline = time.monotonic() + 120
        while not self.engine.containers(all=True, filters={"label": labels}):
            assert time.monotonic() < deadline, "the run made no host"
            time.sleep(0.2)


@pytest.fixture
def here(lab_root: Path) -> TestRun:
    return TestRun(lab_root / "runs" / "one")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_was_cut_off_leaves_nothing_that_spoils_the_next(
    here: TestRun, number: signal.Signals
) -> None:
    process = here.start()
    here.until_it_has_a_host()
    os.killpg(process.pid, number)
    process.communicate(timeout=120)
    here.passes()


def test_a_run_whose_first_process_alone_was_killed_is_waited_for(here: TestRun) -> None:
    process = here.start()
    here.until_it_has_a_host()
    process.kill()
    process.wait(timeout=60)
    here.passes()


def test_two_runs_at_once_pass_in_one_clone_and_in_two(here: TestRun, lab_root: Path) -> None:
    beside = TestRun(lab_root / "runs" / "two")
    running = [run.start() for run in (here, here, beside)]
    said = [process.communicate(timeout=400)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], "\n".join(said)
    assert here.objects() + beside.objects() == []


def test_what_a_killed_run_left_is_removed_without_another(here: TestRun) -> None:
    process = here.start()
    here.until_it_has_a_host()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=120)
    assert here.objects()
    remove_labs(here.place)
    assert here.objects() == []
