"""The table itself: complete, consistent, documented."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from importlib.resources import files

import pytest

from bunker.application.document import DOCUMENT, document
from bunker.application.features import FEATURES, FEATURES_BY_NAME, REPORTING
from bunker.application.services import RESOURCES, SERVICES, SERVICES_BY_NAME
from bunker.application.table import PUBLIC_KEYS, SECRET_KEYS, SECRET_SPECS, TABLE
from bunker.application.value_types import EXPECTED, ValueType, is_valid

# The keys that the application's contract marks secret, written down a second time.
CONTRACT_SECRETS = frozenset(
    {
        "V2_POSTGRES_PASSWORD",
        "DATABASE_URL",
        "REDIS_PASSWORD",
        "REDIS_URL",
        "JWT_ACCESS_SECRET",
        "JWT_REFRESH_SECRET",
        "ENCRYPTION_KEY",
        "INITIAL_ADMIN_PASSWORD",
        "SMTP_PASS",
        "LISTMONK_DB_PASSWORD",
        "LISTMONK_ADMIN_PASSWORD",
        "LISTMONK_API_TOKEN",
        "MAPBOX_API_KEY",
        "GOOGLE_MAPS_API_KEY",
        "LOCATIONIQ_API_KEY",
        "NC_ADMIN_PASSWORD",
        "NC_DB_PASSWORD",
        "GITEA_DB_PASSWD",
        "GITEA_ADMIN_PASSWORD",
        "N8N_ENCRYPTION_KEY",
        "N8N_USER_PASSWORD",
        "CODE_SERVER_PASSWORD",
        "VAULTWARDEN_ADMIN_TOKEN",
        "GRAFANA_ADMIN_PASSWORD",
        "GOTIFY_APP_TOKEN",
        "BUNKER_OPS_REMOTE_WRITE_TOKEN",
        "PANGOLIN_API_KEY",
        "PANGOLIN_NEWT_SECRET",
        "BACKUP_S3_ACCESS_KEY",
        "BACKUP_S3_SECRET_KEY",
    }
)


def test_the_table_has_over_100_keys_each_once() -> None:
    with files("bunker.application").joinpath("environment.csv").open() as table:
        keys = [row["key"] for row in csv.DictReader(table)]
    assert keys == list(TABLE) and len(keys) > 100


def test_exactly_the_contracts_secrets_are_secret() -> None:
    assert CONTRACT_SECRETS == SECRET_KEYS
    assert not SECRET_KEYS & PUBLIC_KEYS


@pytest.mark.parametrize("key", list(TABLE))
def test_row_is_complete(key: str) -> None:
    row = TABLE[key]
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", key)
    assert row.meaning and row.meaning.isprintable() and "|" not in row.meaning
    assert row.feature in {"", REPORTING.name, *FEATURES_BY_NAME}
    if row.origin:
        assert row.default == "" and not row.governed_by
    elif not row.default_text:
        assert not row.default or is_valid(row.type, row.default)
    else:
        assert "{" not in row.default_text, "a derived default says how it is derived"


def test_every_type_says_what_it_expects() -> None:
    assert set(EXPECTED) == set(ValueType)


def test_secret_specs_leave_out_what_is_derived() -> None:
    keys = {spec.key for spec in SECRET_SPECS}
    assert {"DATABASE_URL", "REDIS_URL"} == SECRET_KEYS - keys


def test_secret_specs_have_the_lengths_the_application_needs() -> None:
    specs = {spec.key: spec for spec in SECRET_SPECS}
    for key in ("JWT_ACCESS_SECRET", "JWT_REFRESH_SECRET", "ENCRYPTION_KEY"):
        assert (specs[key].length, specs[key].alphabet, specs[key].generated) == (64, "hex", True)
    password = specs["V2_POSTGRES_PASSWORD"]
    assert (password.length, password.alphabet, password.generated) == (32, "urlsafe", True)
    external = {"SMTP_PASS", "PANGOLIN_NEWT_SECRET", "MAPBOX_API_KEY", "BACKUP_S3_SECRET_KEY"}
    assert not any(specs[key].generated for key in external)


def test_enable_keys_are_governed_by_their_feature() -> None:
    for feature in (*FEATURES, REPORTING):
        if feature.enable_key:
            assert TABLE[feature.enable_key].governed_by


def test_services_profiles_and_features_agree() -> None:
    assert len(SERVICES_BY_NAME) == len(SERVICES) == 25
    for service in SERVICES:
        if service.profile:
            assert FEATURES_BY_NAME[service.feature].profile == service.profile
    profiles = {feature.profile for feature in FEATURES} - {""}
    assert profiles == {service.profile for service in SERVICES} - {""}


def test_the_twelve_subdomains() -> None:
    names = "app,api,media,db,docs,code,git,n8n,home,listmonk,qr,grafana"
    assert ",".join(row.subdomain for row in RESOURCES) == names
    assert all(row.service in SERVICES_BY_NAME for row in RESOURCES)
    assert [row.subdomain for row in RESOURCES if not row.feature] == ["app", "api"]
    assert all(row.feature in {"", *FEATURES_BY_NAME} for row in RESOURCES)


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), (
        "run `python -m bunker.application.document`"
    )


def test_the_document_names_every_key() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    assert [key for key in TABLE if f"| `{key}` |" not in page] == []


def test_loading_the_table_loads_no_heavy_library() -> None:
    code = (
        "import sys, bunker.application.environment, bunker.application.override,"
        " bunker.bundle_diff\n"
        "print(sorted({'pydantic', 'ruamel.yaml', 'pyinfra'} & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "[]\n"
