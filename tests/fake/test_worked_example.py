"""The role that docs/adding-a-role.md builds does what the page says, through the real worker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bunker.worker.client import WorkerClient
from tests.json_events import everything

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "adding-a-role.md"
NOTHING_THERE = ["@@bunker files", "@@bunker applied", "@@bunker checks", "@@bunker end"]
BARE = ["@@bunker os", "ID=debian", "@@bunker packages", "installed sudo 1", "@@bunker audit"]
BARE += ["@@bunker virtualisation", "none", "@@bunker timezone", "@@bunker end"]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The page's two modules as files that can be imported."""
    blocks = re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert [path for path, _code in blocks] == ["bunker/roles/earlyoom.py", "deploys/earlyoom.py"]
    for name, (_path, code) in zip(("earlyoom_role", "earlyoom_deploy"), blocks, strict=True):
        text = code.replace("bunker.roles.earlyoom", "earlyoom_role")
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def run(folder: Path, responses: dict[str, list[str]]) -> list[dict[str, Any]]:
    data = {"address": "192.0.2.1", "domain": "north.example.org"}
    host = {
        "name": "north",
        "connector": "@fake",
        "data": {**data, "fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": responses},
        "secrets": {},
    }
    request = {
        "run_id": "test",
        "deploy": "earlyoom_deploy:only_earlyoom",
        "fingerprint_key": "00" * 32,
        "hosts": [host],
    }
    with WorkerClient(request, folder) as worker:
        events = everything(worker.events(until="ready"))
        worker.apply(["north"])
        return events + everything(worker.events(until="done"))


def test_the_example_plans_and_applies(example: Path) -> None:
    install = ["@@bunker install", "@@bunker manual", "@@bunker end"]
    answers = {"dpkg-query": BARE, "'@@bunker applied'": NOTHING_THERE}
    events = run(example, answers | {"'@@bunker install'": install})
    [planned] = [event for event in events if event["event"] == "planned"]
    changes = planned["plan"]["changes"]
    assert [change["summary"] for change in changes] == ["1 package to install", "earlyoom set up"]
    assert any("EARLYOOM_ARGS" in line for line in changes[1]["lines"])
    done = [event["name"] for event in events if event.get("status") == "ok"]
    assert done == ["earlyoom: packages", "earlyoom: earlyoom"]
    assert planned["commands"] == 3


def test_the_example_changes_nothing_twice_and_starts_again_what_was_stopped_by_hand(
    example: Path,
) -> None:
    script = (
        "from types import SimpleNamespace as N; from earlyoom_role import *\n"
        "b = earlyoom_component(N(name='north')).bundle\n"
        "print(b.fingerprint, b.files[0].sha256)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=example,
        env={"PYTHONPATH": f"{ROOT}:{example}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    fingerprint, sha256 = printed.split()
    there = [
        "@@bunker files",
        f"{sha256} 644 root - /etc/default/earlyoom",
        "@@bunker applied",
        f"earlyoom {fingerprint}",
        "@@bunker checks",
        "earlyoom yes",
        "@@bunker end",
    ]
    bare = [*BARE[:4], "installed earlyoom 1.8", *BARE[4:]]
    events = run(example, {"dpkg-query": bare, "'@@bunker applied'": there})
    [planned] = [event for event in events if event["event"] == "planned"]
    assert planned["plan"]["changes"] == []
    [end] = [event for event in events if event["event"] == "host"]
    assert (end["outcome"], end["commands"]) == ("ok", 2)

    stopped = [*there[:-2], "earlyoom no systemctl is-active earlyoom", there[-1]]
    events = run(example, {"dpkg-query": bare, "'@@bunker applied'": stopped})
    [planned] = [event for event in events if event["event"] == "planned"]
    [change] = planned["plan"]["changes"]
    assert "the running system is not; activated again" in change["summary"]
    assert change["lines"] == ["running now: systemctl is-active earlyoom"]
