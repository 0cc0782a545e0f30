"""The kind of run that docs/adding-a-kind-of-run.md builds does what the page says."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from bunker.cli.kinds import command_of
from bunker.runs.kind import Kind
from bunker.worker.client import WorkerClient
from tests.json_events import everything

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-kind-of-run.md"


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kind:
    """The page's kind; its deploy lies in a file that a worker can import."""
    blocks = dict(re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S))
    assert list(blocks) == ["deploys/prune/deploy.py", "bunker/runs/kinds/prune.py"]
    (tmp_path / "prune_deploy.py").write_text(blocks["deploys/prune/deploy.py"])
    (tmp_path / "prune_kind.py").write_text(blocks["bunker/runs/kinds/prune.py"])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "prune_kind", raising=False)
    found: Kind = importlib.import_module("prune_kind").PRUNE
    return found


def test_its_command_has_its_own_options_and_those_of_every_kind(kind: Kind) -> None:
    options = {name for one in command_of(kind).get_arguments() for name in one.names}
    assert {"hours", "batch", "max-fail", "dry", "detach", "approve", "host", "json"} <= {
        name.replace("_", "-") for name in options
    }
    assert "soak" not in options
    assert list(kind.words(kind.make({"hours": "48"}))) == ["--hours", "48"]


def test_its_deploy_plans_and_applies_what_was_asked_for(kind: Kind, tmp_path: Path) -> None:
    work = kind.work(kind.make({"hours": "48"}))
    data = {"address": "192.0.2.1", "domain": "north.example.org", "fake_responses": {}}
    host: dict[str, Any] = {
        "name": "north",
        "connector": "@fake",
        "data": {**data, "fake_delay": 0, "fake_delay_jitter": 0, **work.data},
        "secrets": {},
    }
    request = {
        "run_id": "test",
        "deploy": work.role.replace("deploys.prune.deploy", "prune_deploy"),
        "fingerprint_key": "00" * 32,
        "hosts": [host],
    }
    with WorkerClient(request, tmp_path) as worker:
        events = everything(worker.events(until="ready"))
        worker.apply(["north"])
        events += everything(worker.events(until="done"))
    (planned,) = [event for event in events if event["event"] == "planned"]
    (change,) = planned["plan"]["changes"]
    assert change["summary"] == "unused for 48 hours: removed"
    assert [event["name"] for event in events if event.get("status") == "ok"] == [
        "docker: prune images"
    ]
