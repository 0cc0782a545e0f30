"""What is placed beside a Compose project: which files it is made of, what it is told and set."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bunker.application.dotenv import parse_dotenv
from bunker.applications.of_host import application_of
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.fleet.pyinfra_data import BASE_KEY, host_from_data
from bunker.masking import Secret
from deploys.compose.files import compose_bundle, registries_component


def wiki(**more: Any) -> Host:
    entry = {"kind": "compose", "folder": "wiki", **more}
    data = {"name": "north", "address": "192.0.2.1", "domain": "north.example.org"}
    return application_of(
        Host.model_validate(data | {"applications": {"wiki": entry}}), "wiki"
    ).host


def content(host: Host, name: str, **vault: str) -> bytes:
    bundle = compose_bundle(host, {key: Secret(value) for key, value in vault.items()})
    return next(file.content for file in bundle.files if file.path == f"/opt/wiki/{name}")


def test_the_files_are_merged_in_their_order_and_ours_last():
    host = wiki(files=["compose.yml", "deploy/server.yml"])
    environment = parse_dotenv(content(host, ".env"))
    assert environment["COMPOSE_FILE"] == "compose.yml:deploy/server.yml:compose.bunker.yml"
    assert environment["COMPOSE_PROJECT_NAME"] == "wiki"


def test_a_worker_reads_the_host_that_it_is_given():
    data = {"name": "north", "address": "192.0.2.1", "domain": "north.example.org"}
    entry = {"kind": "compose", "folder": "wiki"}
    host = Host.model_validate(data | {"applications": {"wiki": entry}})
    dumped = host.model_dump(mode="json")
    read = host_from_data("north", {**dumped, BASE_KEY: dumped})
    assert read.model_dump() == host.model_dump()


def test_what_is_set_stands_in_the_override_as_compose_reads_it():
    host = wiki(set={"services.web.image": "web:2", "services.web.read_only": True})
    text = content(host, "compose.bunker.yml").decode()
    assert json.loads(text.partition("\n")[2]) == {
        "services": {"web": {"image": "web:2", "read_only": True}}
    }


def test_values_of_secrets_come_from_the_vault_and_are_never_shown():
    host = wiki(environment={"TITLE": "Wiki"}, secrets=["DB_PASSWORD"])
    assert parse_dotenv(content(host, ".env", DB_PASSWORD="s3cret"))["DB_PASSWORD"] == "s3cret"
    bundle = compose_bundle(host, {"DB_PASSWORD": Secret("s3cret")})
    (environment,) = (file for file in bundle.files if file.kind == "dotenv")
    assert environment.secret
    assert "TITLE" in environment.public_keys
    assert "DB_PASSWORD" not in environment.public_keys


def test_a_missing_secret_is_one_sentence_with_the_command():
    login = {"address": "registry.example.org", "user": "ops", "password_secret": "REGISTRY"}
    host = wiki(secrets=["DB_PASSWORD"], registries=[login])
    with pytest.raises(BunkerError, match="DB_PASSWORD is missing") as caught:
        compose_bundle(host, {})
    assert "REGISTRY is missing" in str(caught.value)
    assert "invoke secrets.set --host north --key WIKI__DB_PASSWORD" in str(caught.value)


def test_logins_are_a_file_of_root_that_goes_away_with_the_last_of_them():
    login = {"address": "registry.example.org", "user": "ops", "password_secret": "REGISTRY"}
    component = registries_component(wiki(registries=[login]), {"REGISTRY": Secret("s3cret")})
    file, refused = component.bundle.files
    assert (file.mode, file.secret) == (0o600, True)
    assert "registry.example.org" in json.loads(file.content)["auths"]
    assert b"invoke secrets.set --host north --key WIKI__REGISTRY\n" in refused.content
    assert b"s3cret" not in refused.content
    assert registries_component(wiki(), {}).bundle.absent == (file.path, refused.path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"repository": "https://git.example.org/x.git"}, "repository and folder: both are given"),
        ({"folder": None}, "one of repository and folder: neither is given"),
        ({"ref": "v9"}, "no ref beside folder"),
        ({"folder": "../../etc"}, "without \\. and"),
        ({"files": ["/etc/passwd"]}, "a path such as"),
        ({"set": {"services.web.image; rm": "x"}}, "services.web.image"),
        ({"secrets": ["A"], "environment": {"A": "1"}}, "either in secrets or in environment"),
    ],
)
def test_what_would_not_be_a_project_is_refused(more, said):
    with pytest.raises(ValueError, match=said):
        wiki(**more)
