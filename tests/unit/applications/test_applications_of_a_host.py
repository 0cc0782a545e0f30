"""Which applications a host has, by its file, and what each of them sees of the host."""

from __future__ import annotations

from typing import Any

import pytest

from bunker.applications.of_host import (
    application_of,
    applications_of,
    rooms_of,
    secrets_of,
)
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.masking import Secret

STAGING = {"kind": "changemaker", "domain": "staging.example.org", "features": {"media": False}}


def host(**more: Any) -> Host:
    data = {"name": "north", "address": "192.0.2.1", "domain": "north.example.org"}
    short = {"repository": "https://git.example.org/app.git", "ref": "v2.0.0"}
    groups = ["changemaker"]
    return Host.model_validate({**data, "groups": groups, "application": short, **more})


def test_the_short_form_is_one_application_and_sees_the_host_as_it_is():
    north = host(features={"media": True})
    (one,) = applications_of(north)
    assert (one.name, one.key, one.path) == ("changemaker", "north", ("application",))
    assert one.host is north


def test_another_one_has_a_place_a_domain_and_an_environment_of_its_own():
    entry = STAGING | {"environment": {"NGINX_HTTP_PORT": "8080"}}
    north = host(applications={"staging": entry}, environment={"SMTP_HOST": "mail.example.org"})
    main, staging = applications_of(north)
    assert main.name == "changemaker"
    assert (staging.key, staging.path) == ("north/staging", ("applications", "staging"))
    assert staging.settings.directory == "/opt/staging"
    assert staging.settings.project == "staging"
    assert staging.host.domain == "staging.example.org"
    assert staging.host.environment == {"NGINX_HTTP_PORT": "8080"}
    assert staging.host.features == {"media": False}
    assert staging.host.name == "north"


def test_it_is_the_same_code_unless_it_says_another_and_its_own_version():
    (_main, staging) = applications_of(host(applications={"staging": STAGING}))
    assert staging.settings.repository == "https://git.example.org/app.git"
    assert staging.settings.ref == "v2", "the version is not shared"


def test_the_long_form_of_the_first_says_the_same_as_the_short_one_and_more():
    long = {"kind": "changemaker", "ref": "v2.1.0", "features": {"listmonk": True}}
    north = host(applications={"changemaker": long}, features={"media": True})
    (one,) = applications_of(north)
    assert one.path == ("applications", "changemaker")
    assert one.settings.repository == "https://git.example.org/app.git"
    assert one.settings.ref == "v2.1.0"
    assert one.settings.directory == "/opt/changemaker-lite"
    assert one.host.features == {"media": True, "listmonk": True}


def test_a_host_is_the_same_after_it_went_through_pyinfra():
    north = host(applications={"staging": STAGING, "changemaker": {"kind": "changemaker"}})
    assert Host.model_validate(north.model_dump(mode="json")) == north


def test_each_application_of_a_kind_is_a_room_of_its_own():
    rooms = [
        (role.name, view.application.name)
        for role, view in rooms_of(host(applications={"staging": STAGING}))
        if role.port
    ]
    assert rooms == [("changemaker", "changemaker"), ("changemaker", "staging")]


def test_secrets_of_another_one_bear_its_name_and_those_of_the_git_server_are_shared():
    (main, staging) = applications_of(host(applications={"staging": STAGING}))
    names = ("JWT_ACCESS_SECRET", "STAGING__JWT_ACCESS_SECRET", "DEPLOY_KEY")
    vault = {name: Secret(name) for name in names}
    assert secrets_of(main.host, vault) == vault
    found = secrets_of(staging.host, vault)
    assert found["JWT_ACCESS_SECRET"].reveal() == "STAGING__JWT_ACCESS_SECRET"
    assert found.keys() == {"JWT_ACCESS_SECRET", "DEPLOY_KEY"}


def test_one_is_found_by_its_name_and_without_a_name_where_it_is_the_only_one():
    both = host(applications={"staging": STAGING})
    assert application_of(both, "staging").name == "staging"
    assert application_of(host()).name == "changemaker"
    with pytest.raises(BunkerError, match=r"has 2 applications.*--app: changemaker, staging"):
        application_of(both)
    with pytest.raises(BunkerError, match=r"no application 'stagin'.*staging"):
        application_of(both, "stagin")
