"""Which secrets a host may have: by its roles, its applications, and what their entries name."""

from __future__ import annotations

from typing import Any

import pytest

from bunker.applications.secret_specs import specs_of
from bunker.fleet.models import Host
from bunker.masking import Secret
from bunker.secrets.catalog import default_specs, normalise, problem_with
from deploys.roles import may_have_vault, needs_vault

WIKI = {
    "kind": "compose",
    "folder": "wiki",
    "secrets": ["DB_PASSWORD"],
    "registries": [
        {"address": "registry.example.org", "user": "ops", "password_secret": "REGISTRY_PASSWORD"}
    ],
}
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nabc\r\n-----END OPENSSH PRIVATE KEY-----"


def host(*groups: str, **applications: Any) -> Host:
    data = {"name": "north", "address": "192.0.2.1", "domain": "north.example.org"}
    return Host.model_validate({**data, "groups": groups, "applications": applications})


def generated(one: Host) -> dict[str, bool]:
    return {spec.key: spec.generated for spec in specs_of(one)}


def test_an_instance_alone_has_the_secrets_of_its_table():
    assert [spec.key for spec in specs_of(host("changemaker"))] == [
        spec.key for spec in default_specs()
    ]


def test_a_project_has_those_that_its_entry_names_which_others_hand_out():
    assert generated(host(wiki=WIKI)) == {
        "WIKI__DB_PASSWORD": False,
        "WIKI__REGISTRY_PASSWORD": False,
        "WIKI__DEPLOY_KEY": False,
        "WIKI__GIT_TOKEN": False,
    }


def test_a_second_instance_has_all_of_its_kind_under_its_own_name():
    both = generated(host("changemaker", **{"staging-2": {"kind": "changemaker"}}))
    for spec in default_specs():
        assert both[f"STAGING_2__{spec.key}"] == both[spec.key] == spec.generated
    assert both["STAGING_2__DEPLOY_KEY"] is False


@pytest.mark.parametrize(
    ("entry", "needs", "may"),
    [
        (WIKI, True, True),
        (WIKI | {"secrets": []}, True, True),
        ({"kind": "compose", "folder": "wiki"}, False, False),
        ({"kind": "compose", "repository": "https://git.example.org/wiki.git"}, False, True),
    ],
)
def test_whether_a_host_needs_a_vault_follows_from_what_its_entries_name(entry, needs, may):
    one = host(wiki=entry)
    assert (needs_vault(one), may_have_vault(one)) == (needs, may)


def test_the_key_of_an_application_has_the_lines_that_ssh_reads():
    stored = normalise("WIKI__DEPLOY_KEY", Secret(KEY))
    assert stored.reveal() == KEY.replace("\r\n", "\n") + "\n"
    known = frozenset({"WIKI__DEPLOY_KEY"})
    assert problem_with("WIKI__DEPLOY_KEY", stored, known, "north") is None
    assert "not a private key" in str(problem_with("WIKI__DEPLOY_KEY", Secret("x"), known, "north"))
