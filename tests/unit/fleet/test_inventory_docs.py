"""The documentation of the inventory says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from bunker.fleet.models import Host
from bunker.fleet.yaml_file import read_document

REPOSITORY = Path(__file__).resolve().parents[3]


def documented_host() -> str:
    text = (REPOSITORY / "docs/inventory.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    return block.replace("AAAA…", "AAAA")


def test_the_documented_host_file_is_valid(repository):
    repository.host("north").write_text(documented_host())
    north = repository.load().host("north")
    assert north.base.firewall[0].source == "203.0.113.0/24"
    assert north.resources["api"].cpus == 1.5


def test_every_key_of_the_model_is_documented():
    data = read_document(documented_host(), "docs/inventory.md").data
    expected = {"host" if name == "name" else name for name in Host.model_fields}
    assert set(data) == expected
    for section in ("base", "docker", "application"):
        assert set(data[section]) == set(Host.model_fields[section].annotation.model_fields)
    assert set(data["base"]["firewall"][0]) == {"port", "protocol", "source", "published", "note"}


def test_the_example_host_is_valid(repository):
    repository.host("north").write_text((REPOSITORY / "docs/examples/north.yml").read_text())
    assert repository.load().host("north").groups == ("changemaker", "canary")
