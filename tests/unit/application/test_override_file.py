"""docker-compose.override.yml: limits, and nothing that the application's file may lack."""

from __future__ import annotations

import pytest
import yaml

from bunker.application.override import override_file
from bunker.errors import Problems
from tests.unit.application.application_instances import make_host


def test_without_limits_the_file_is_there_and_changes_nothing() -> None:
    file = override_file(make_host(user="operator"))
    assert yaml.safe_load(file.content) == {"services": {}}
    assert file.path == "/opt/changemaker-lite/docker-compose.override.yml"
    assert (file.mode, file.owner) == (0o644, "operator")
    assert (file.kind, file.secret) == ("text", False)


def test_limits_are_written_in_the_tables_order() -> None:
    host = make_host(resources={"api": {"memory": "1g", "cpus": 1.5}, "redis": {"cpus": 2}})
    text = override_file(host).content.decode()
    services = yaml.safe_load(text.replace("!reset ", ""))["services"]
    assert list(services) == ["redis", "api"]
    assert services["api"]["deploy"]["resources"]["limits"] == {"memory": "1g", "cpus": "1.5"}
    assert services["redis"]["deploy"]["resources"]["limits"] == {"cpus": "2"}
    assert text.count("mem_limit: !reset null") == text.count("cpus: !reset null") == 2


def test_the_same_host_gives_the_same_bytes() -> None:
    one = make_host(resources={"api": {"memory": "1g"}, "redis": {"cpus": 2}})
    other = make_host(resources={"redis": {"cpus": 2.0}, "api": {"memory": "1g"}})
    assert override_file(one) == override_file(other)


def test_unknown_services_and_empty_limits_are_refused_together() -> None:
    host = make_host(resources={"postgres": {"memory": "1g"}, "api": {}})
    with pytest.raises(Problems) as caught:
        override_file(host)
    text = str(caught.value)
    assert "'postgres' is not a service" in text and "Perhaps v2-postgres was meant" in text
    assert "api has no limit" in text and text.count("host file of north") == 2
