"""The kind of application that docs/adding-an-application.md builds does what the page says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "adding-an-application.md"
HOST = """\
host: north
address: 192.0.2.1
domain: north.example.org
groups: [{groups}]
"""
# What the program makes of the fleet in this folder, with the page's kind among its own.
LOOK = """
import json
import sys
from pathlib import Path

from bunker.applications.of_host import application_of
from bunker.fleet import load_fleet
from bunker.fleet.pyinfra_data import host_data
from bunker.role import named
from bunker.worker.client import WorkerClient
from bunker.workflows.request import find_commits
from deploys.roles import needs_vault, roles_of
from tests.fake.bare_host import RESPONSES
from tests.json_events import everything

root = Path.cwd()
fleet = load_fleet(root, "production", require_secrets=False)
host = fleet.host("north")
campaign = application_of(host, "campaign")
commits = find_commits(root, [host], {})
place = RESPONSES["\'@@bunker engine\'"]
there = [row.replace("/opt/changemaker-lite", "/opt/campaign") for row in place]
answers = {"DIRECTORY=/opt/campaign": there, **RESPONSES}
fake = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": answers}
request = {
    "run_id": "test",
    "deploy": "deploys.whole_host:whole_host",
    "tags": sys.argv[1],
    "fingerprint_key": "00" * 32,
    "hosts": [
        {
            "name": "north",
            "connector": "@fake",
            "data": {**host_data(fleet, host), **fake},
            "secrets": {},
            "commits": {"campaign": commits["north/campaign"]},
        }
    ],
}
with WorkerClient(request, root) as worker:
    events = everything(worker.events(until="ready"))
    worker.apply(["north"])
    events += everything(worker.events(until="done"))
question = named(campaign.kind.port.question)(campaign.host)
found = {
    "roles": [role.name for role in roles_of(host)],
    "vault": needs_vault(host),
    "question": question.shown,
    "events": events,
}
print(json.dumps(found))
"""
Look = Callable[..., Any]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """The page's folder and its line among the roles that there are, and a fleet beside them."""
    blocks = dict(re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S))
    shutil.copytree(ROOT / "deploys", tmp_path / "deploys")
    (tmp_path / "deploys" / "website").mkdir()
    for path, text in blocks.items():
        assert path.startswith("deploys/website/")
        (tmp_path / path).write_text(text)
    registry = tmp_path / "deploys" / "roles.py"
    text = registry.read_text()
    line = "    compose.ROLE,\n"
    assert text.count(line) == 1
    text = text.replace(line, f"{line}    website.ROLE,\n")
    registry.write_text(re.sub(r"(from deploys import .*)", r"\1, website", text, count=1))
    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    folder.with_suffix(".py").touch()
    (folder / "known_hosts").touch()
    (tmp_path / "files" / "campaign" / "public").mkdir(parents=True)
    (tmp_path / "files" / "campaign" / "public" / "index.html").write_text("Vote!\n")
    (tmp_path / "look.py").write_text(LOOK)

    def found(entry: str, *, groups: str = "", role: str = "website", fails: bool = False) -> Any:
        host = f"{HOST.format(groups=groups)}applications:\n  campaign: {entry}\n"
        (folder / "north.yml").write_text(host)
        done = subprocess.run(
            [sys.executable, "look.py", role],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails else json.loads(done.stdout)

    return found


def changes(found: Any) -> list[dict[str, Any]]:
    (planned,) = [event for event in found["events"] if event["event"] == "planned"]
    return list(planned["plan"]["changes"])


ENTRY = "{kind: website, folder: campaign, port: 8090}"


def test_a_host_gets_it_by_its_file_with_what_it_needs_and_is_deployed(look: Look) -> None:
    found = look(ENTRY)
    assert found["roles"] == ["base", "docker", "website"]
    assert found["vault"] is False
    assert found["question"] == "GET http://127.0.0.1:8090/"
    assert {change["role"] for change in changes(found)} == {"campaign"}
    text = "\n".join(line for change in changes(found) for line in change["lines"])
    assert "/opt/campaign/website.yml" in text
    assert '"8090:80"' in text
    done = [event["name"] for event in found["events"] if event.get("status") == "ok"]
    assert done == [
        "campaign: fetch the code",
        "campaign: pull and build images",
        "campaign: switch files",
        "campaign: bring up services",
        "campaign: health gate",
        "campaign: record generation",
    ]


def test_the_firewall_opens_its_port(look: Look) -> None:
    text = "\n".join(line for one in changes(look(ENTRY, role="base")) for line in one["lines"])
    assert "--ctorigdstport 8090 -j RETURN" in text


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{kind: website, folder: campaign, prot: 1}", "applications.campaign.prot is not a known"),
        ("{kind: website, folder: ../etc}", "a path such as web/app.yml"),
        ("{kind: website, folder: campaign, port: 80}", "campaign takes port 80 (port), as change"),
    ],
)
def test_what_does_not_fit_is_refused_where_the_file_is_read(
    look: Look, entry: str, said: str
) -> None:
    text = look(entry, groups="changemaker", fails=True)
    assert said in text
    assert "north.yml:6" in text
