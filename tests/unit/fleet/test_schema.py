"""What editors know of a fleet's files is what the program takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from invoke.context import Context
from jsonschema import Draft202012Validator

from bunker.cli import fleet
from bunker.fleet.host_file import render_host_file
from bunker.fleet.schema import host_schema, settings_schema, write_schemas
from bunker.new_fleet.make import FILES, make_fleet
from deploys.roles import ROLES
from tests.unit.fleet.test_inventory_docs import REPOSITORY, documented_host

HOST = {"host": "north", "address": "192.0.2.1", "domain": "north.example.org"}


def faults(schema: dict[str, Any], data: Any) -> list[str]:
    found = Draft202012Validator(schema).iter_errors(data)
    return [f"{'.'.join(map(str, one.path))}: {one.message}" for one in found]


def of_host(**more: Any) -> list[str]:
    return faults(host_schema(), {**HOST, **more})


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything in a schema that has properties."""
    for value in schema.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from objects(one)
    if "properties" in schema and "type" in schema:
        yield schema


@pytest.mark.parametrize("schema", [host_schema(), settings_schema()])
def test_they_are_valid_schemas_and_say_what_each_key_means(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    silent = [
        f"{one['title']}.{name}"
        for one in objects(schema)
        for name, key in one["properties"].items()
        if not key.get("description")
    ]
    assert silent == []


def test_a_new_host_file_names_its_schema_first_and_fits_it(tmp_path: Path) -> None:
    text = render_host_file({**HOST, "tier": 1, "groups": ["changemaker"]})
    first, rest = text.split("\n", 1)
    place = tmp_path / "inventories" / "production"
    place.mkdir(parents=True)
    write_schemas(tmp_path)
    schema = json.loads(
        (place / first.removeprefix("# yaml-language-server: $schema=")).read_text()
    )
    assert faults(schema, yaml.safe_load(rest)) == []
    examples = "\n".join(
        line.removeprefix("# ") for line in rest.partition("# Also possible:\n")[2].splitlines()
    )
    assert faults(schema, {**HOST, **yaml.safe_load(examples)}) == []


def test_new_settings_name_their_schema_first_and_fit_it(tmp_path: Path) -> None:
    make_fleet(tmp_path)
    text = (FILES / "inventories" / "production" / "fleet.settings.yaml").read_text()
    first, rest = text.split("\n", 1)
    place = tmp_path / "inventories" / "production"
    schema = json.loads(
        (place / first.removeprefix("# yaml-language-server: $schema=")).read_text()
    )
    examples = yaml.safe_load("\n".join(line[2:] for line in rest.splitlines()[1:]))
    assert {"rollout", "policies", "approvers", "notifications"} == set(examples)
    assert faults(schema, examples) == []


def test_the_documented_files_fit() -> None:
    assert faults(host_schema(), yaml.safe_load(documented_host())) == []
    example = (REPOSITORY / "docs" / "examples" / "north.yml").read_text()
    assert faults(host_schema(), yaml.safe_load(example)) == []
    page = (REPOSITORY / "docs" / "fleet-settings.md").read_text()
    settings = page.partition("```yaml\n")[2].partition("```")[0]
    assert faults(settings_schema(), yaml.safe_load(settings)) == []


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"prot": 22}, "prot"),
        ({"tier": 3}, "tier"),
        ({"port": 70000}, "port"),
        ({"groups": ["Big"]}, "groups.0"),
        ({"base": {"firewall": [{"prot": 1}]}}, "base.firewall.0"),
        ({"environment": {"smtp_host": "x"}}, "environment"),
        ({"roles": {"nosuch": True}}, "roles"),
        ({"roles": {"earlyoom": {"least_free_percent": 99}}}, "roles.earlyoom"),
        ({"resources": {"api": {"memory": "lots"}}}, "resources.api"),
    ],
)
def test_what_the_program_refuses_an_editor_marks(more: dict[str, Any], key: str) -> None:
    assert any(key in fault for fault in of_host(**more))


@pytest.mark.parametrize(
    "more",
    [
        {"roles": {"earlyoom": True, "docker": False}},
        {"roles": {"earlyoom": {"least_free_percent": 9}}},
        {"environment": {"A": "x", "B": 8080, "C": True}},
        {"base": {"ssh_listen_port": 2222}},
    ],
)
def test_what_the_program_takes_an_editor_takes(more: dict[str, Any]) -> None:
    assert of_host(**more) == []


def test_every_role_is_known_with_what_it_is_for() -> None:
    (roles,) = (one for one in objects(host_schema()) if one["title"] == "Choices")
    assert {name: key["description"] for name, key in roles["properties"].items()} == {
        role.name: role.summary for role in ROLES
    }


def test_they_are_written_only_where_they_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BUNKER_ROOT", str(tmp_path))
    common = {"json": False, "debug": False, "yes": False}
    fleet.schema(Context(), **common)
    assert "written: inventories/schema/host.json, " in capsys.readouterr().out
    before = (tmp_path / "inventories" / "schema" / "host.json").stat().st_mtime_ns
    fleet.schema(Context(), **common)
    assert "inventories/schema is up to date" in capsys.readouterr().out
    assert (tmp_path / "inventories" / "schema" / "host.json").stat().st_mtime_ns == before
