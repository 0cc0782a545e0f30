"""The sample keeps the contract: environment keys, services, subdomains, nothing secret in argv."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from bunker.application.dotenv import parse_dotenv
from bunker.application.envcheck import compare_with_example
from bunker.application.services import RESOURCES, SERVICES_BY_NAME
from bunker.application.table import SECRET_KEYS, TABLE
from sample.build import HERE

APPLICATION = HERE / "application"
EXAMPLE = (APPLICATION / ".env.example").read_text()
COMPOSE = (APPLICATION / "docker-compose.yml").read_text()
REFERENCE = re.compile(r"(?<!\$)\$\{([A-Z0-9_]+)[^}]*\}")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return YAML(typ="safe").load(COMPOSE)["services"]


def test_the_example_holds_every_key_with_the_tables_defaults() -> None:
    assert len(parse_dotenv(EXAMPLE.encode())) > 100
    assert compare_with_example(EXAMPLE, TABLE).agrees


def test_the_example_holds_no_secret() -> None:
    values = parse_dotenv(EXAMPLE.encode())
    telling = {key for key in SECRET_KEYS if values[key] and "change-me" not in values[key]}
    assert telling == set()


def test_compose_reads_only_keys_of_the_example() -> None:
    assert set(REFERENCE.findall(COMPOSE)) <= set(parse_dotenv(EXAMPLE.encode()))


def test_the_services_are_the_contracts(services) -> None:
    assert {"v2-postgres", "redis", "api", "admin", "media-api", "nginx"} == set(services)
    assert set(services) <= set(SERVICES_BY_NAME)
    for name, service in services.items():
        assert "healthcheck" in service, name
        # Engines before 25 refuse the whole project for it.
        assert "start_interval" not in service["healthcheck"], name


def test_only_nginx_is_published_to_the_world(services) -> None:
    for name, service in services.items():
        for port in service["ports"]:
            assert port.startswith("127.0.0.1:") == (name != "nginx"), (name, port)


def test_no_secret_stands_in_a_command_or_a_health_check(services) -> None:
    for name, service in services.items():
        spoken = json.dumps([service.get("command"), service["healthcheck"]["test"]])
        assert not set(REFERENCE.findall(spoken)) & SECRET_KEYS, name


def test_nothing_depends_on_the_api(services) -> None:
    # Compose 2.26 recreates what depends on a service that it recreates.
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= {"v2-postgres", "redis"}, name


def test_the_tunnels_list_is_that_of_the_table() -> None:
    text = (APPLICATION / "configs/pangolin/resources.yml").read_text()
    rows = YAML(typ="safe").load(text)["resources"]
    assert [(row["subdomain"], row["service"]) for row in rows] == [
        (row.subdomain, row.service) for row in RESOURCES
    ]
    assert len(rows) == 12
