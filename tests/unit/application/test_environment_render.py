"""Rendering: derived defaults, the host's own values, secrets, and every kind of mistake."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.application.dotenv import parse_dotenv
from bunker.application.environment import environment_file, render_environment
from bunker.application.table import PUBLIC_KEYS, SECRET_KEYS, TABLE, HostIds
from bunker.application.value_types import is_valid
from bunker.errors import Problems
from bunker.masking import MASK, Secret
from tests.unit.application.application_instances import generated_secrets, make_host


def problems_of(secrets: dict[str, Secret] | None = None, **host: Any) -> list[str]:
    with pytest.raises(Problems) as caught:
        render_environment(make_host(**host), generated_secrets() if secrets is None else secrets)
    return [str(problem) for problem in caught.value.problems]


def test_a_plain_host_gets_every_key_in_the_tables_order() -> None:
    environment = render_environment(make_host(), generated_secrets())
    assert list(environment.values) == list(TABLE)


def test_defaults_are_derived_from_the_host() -> None:
    host = make_host(label="Nörd & Süd", tier=1, base={"timezone": "America/Edmonton"})
    environment = render_environment(
        host, generated_secrets(), ids=HostIds(user_id=1001, group_id=1002, docker_group_id=103)
    )
    expected = {
        "DOMAIN": "north.example.org",
        "INSTANCE_LABEL": "Nörd & Süd",
        "TZ": "America/Edmonton",
        "USER_ID": "1001",
        "GROUP_ID": "1002",
        "DOCKER_GROUP_ID": "103",
        "API_URL": "https://api.north.example.org",
        "CORS_ORIGINS": "https://app.north.example.org,https://north.example.org",
        "N8N_HOST": "n8n.north.example.org",
        "INITIAL_ADMIN_EMAIL": "admin@north.example.org",
        "EMAIL_TEST_MODE": "true",
        "BUNKER_OPS_ENABLED": "false",
        "COMPOSE_PROFILES": "",
    }
    assert {key: environment.public(key) for key in expected} == expected


def test_features_switch_keys_and_profiles() -> None:
    features = {"media": True, "gitea": True, "listmonk": True, "canvass": False}
    environment = render_environment(make_host(features=features), generated_secrets())
    assert environment.public("ENABLE_MEDIA_FEATURES") == "true"
    assert environment.public("ENABLE_GITEA") == "true"
    assert environment.public("LISTMONK_SYNC_ENABLED") == "true"
    assert environment.public("ENABLE_CANVASS") == "false"
    assert environment.public("ENABLE_SHIFTS") == "true"
    assert environment.profiles == ("listmonk", "gitea")
    assert environment.public("COMPOSE_PROFILES") == "listmonk,gitea"


def test_tier_2_reports_and_monitors() -> None:
    url = {"BUNKER_OPS_REMOTE_WRITE_URL": "https://metrics.example.org/api/v1/write"}
    environment = render_environment(make_host(tier=2, environment=url), generated_secrets())
    assert environment.public("BUNKER_OPS_ENABLED") == "true"
    assert environment.public("COMPOSE_PROFILES") == "monitoring"
    (problem,) = problems_of(tier=2)
    assert "BUNKER_OPS_REMOTE_WRITE_URL" in problem and "tier 2" in problem


def test_the_hosts_own_values_win() -> None:
    host = make_host(environment={"LOG_LEVEL": "debug", "API_PORT": 4100, "MEDIA_API_PORT": 4200})
    environment = render_environment(host, generated_secrets())
    assert environment.public("LOG_LEVEL") == "debug"
    assert environment.public("API_PORT") == "4100"


def test_connection_urls_carry_the_secrets_escaped() -> None:
    secrets = generated_secrets(V2_POSTGRES_PASSWORD="a/b@c:d#e%f?", REDIS_PASSWORD="x y+z")
    values = render_environment(make_host(), secrets).values
    database, redis = values["DATABASE_URL"], values["REDIS_URL"]
    assert isinstance(database, Secret) and isinstance(redis, Secret)
    parts = urlsplit(database.reveal())
    assert unquote(parts.password or "") == "a/b@c:d#e%f?"
    assert (parts.hostname, parts.port, parts.path) == ("v2-postgres", 5432, "/changemaker_v2")
    assert unquote(urlsplit(redis.reveal()).password or "") == "x y+z"


def test_a_connection_url_in_the_vault_wins() -> None:
    secrets = generated_secrets(DATABASE_URL="postgresql://u:p@elsewhere:5432/db")
    value = render_environment(make_host(), secrets).values["DATABASE_URL"]
    assert isinstance(value, Secret) and "elsewhere" in value.reveal()


def test_secrets_stay_masked_and_are_listed_for_the_redactor() -> None:
    secrets = generated_secrets()
    environment = render_environment(make_host(), secrets)
    shown = f"{environment} {environment!r} {dict(environment.values)}"
    assert MASK in shown
    assert not any(secret.reveal() in shown for secret in secrets.values())
    assert set(secrets.values()) <= set(environment.secrets)
    assert all(len(secret) for secret in environment.secrets)
    with pytest.raises(ValueError, match="REDIS_URL is secret"):
        environment.public("REDIS_URL")


@pytest.mark.parametrize("key", sorted(SECRET_KEYS))
def test_a_secret_in_the_plain_file_is_refused_without_showing_it(key: str) -> None:
    (problem,) = problems_of(environment={key: "canary-in-the-clear"})
    assert key in problem and "invoke secrets.set --host north" in problem
    assert "canary" not in problem


def test_unknown_names_get_near_misses() -> None:
    (key,) = problems_of(environment={"API_PROT": "4001"})
    assert "API_PROT" in key and "Perhaps API_PORT or" in key
    (feature,) = problems_of(features={"code-server": True})
    assert "Perhaps code_server was meant" in feature
    (nothing_near,) = problems_of(environment={"XYZZY": "1"})
    assert "Perhaps" not in nothing_near


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("ENABLE_GITEA", "features: gitea"),
        ("COMPOSE_PROFILES", "features"),
        ("BUNKER_OPS_ENABLED", "tier"),
        ("DOMAIN", "domain"),
    ],
)
def test_a_key_that_follows_another_part_is_refused(key: str, part: str) -> None:
    (problem,) = problems_of(environment={key: "true" if part != "domain" else "a.example.org"})
    assert f"follows `{part}`" in problem


def test_reporting_is_not_a_feature_of_its_own() -> None:
    (problem,) = problems_of(features={"reporting": True})
    assert "tier: 2" in problem


@pytest.mark.parametrize(
    ("feature", "secret"),
    [
        ("google_maps", "GOOGLE_MAPS_API_KEY"),
        ("mail", "SMTP_PASS"),
        ("tunnel", "PANGOLIN_NEWT_SECRET"),
        ("backup_s3", "BACKUP_S3_SECRET_KEY"),
    ],
)
def test_a_feature_without_its_external_secret_is_refused(feature: str, secret: str) -> None:
    problems = problems_of(features={feature: True})
    assert any(
        f"the secret {secret} is missing, and the feature {feature} is on" in problem
        for problem in problems
    )


def test_mail_works_once_it_has_all_it_needs() -> None:
    host = make_host(
        features={"mail": True},
        environment={"SMTP_HOST": "smtp.example.org", "SMTP_USER": "north"},
    )
    environment = render_environment(host, generated_secrets(SMTP_PASS="p$w'd\"#x"))
    assert environment.public("EMAIL_TEST_MODE") == "false"
    assert environment.public("SMTP_PORT") == "587"


def test_a_missing_generated_secret_is_refused_and_its_near_name_suggested() -> None:
    secrets = generated_secrets()
    secrets["REDIS_PASSWD"] = secrets.pop("REDIS_PASSWORD")
    (problem,) = problems_of(secrets)
    assert "the secret REDIS_PASSWORD is missing" in problem
    assert "`invoke secrets.generate north`" in problem
    assert "Perhaps REDIS_PASSWD was meant" in problem


def test_an_encryption_key_of_the_wrong_shape_is_refused_without_showing_it() -> None:
    (problem,) = problems_of(generated_secrets(ENCRYPTION_KEY="canary-too-short"))
    assert "ENCRYPTION_KEY" in problem and "64 hexadecimal digits" in problem
    assert "canary" not in problem


def test_a_secret_on_two_lines_is_refused_without_showing_it() -> None:
    (problem,) = problems_of(generated_secrets(REDIS_PASSWORD="canary\ncanary"))
    assert "REDIS_PASSWORD" in problem and "canary" not in problem


def test_two_services_on_one_port_are_refused() -> None:
    (problem,) = problems_of(environment={"API_PORT": "3000"})
    assert "ADMIN_PORT and API_PORT both take port 3000" in problem


def test_a_service_on_the_ssh_port_is_refused_only_when_it_runs() -> None:
    render_environment(make_host(port=2222), generated_secrets())
    (problem,) = problems_of(port=2222, features={"gitea": True})
    assert "GITEA_SSH_PORT and sshd both take port 2222" in problem


def test_all_problems_come_at_once_and_name_the_host_file() -> None:
    host = make_host(
        features={"mial": True},
        environment={"NGINX_HTTP_PORT": "http", "NOPE": "1", "REDIS_PASSWORD": "x"},
    )
    with pytest.raises(Problems) as caught:
        render_environment(host, {})
    assert len(caught.value.problems) > 20
    assert all(p.where == "host file of north" for p in caught.value.problems)
    for part in ("mial", "NGINX_HTTP_PORT 'http'", "NOPE", "REDIS_PASSWORD is a secret"):
        assert part in str(caught.value)


def test_secrets_that_are_not_of_the_environment_are_left_alone() -> None:
    secrets = generated_secrets(RESTIC_PASSWORD="for the backup role")
    assert "RESTIC_PASSWORD" not in render_environment(make_host(), secrets).values


def test_the_file_is_private_and_byte_identical_when_made_again() -> None:
    host = make_host(application={"directory": "/srv/app"}, user="operator")
    file = environment_file(host, generated_secrets())
    assert file == environment_file(host, generated_secrets())
    assert (file.path, file.mode, file.owner) == (
        "/srv/app/.env",
        0o600,
        "operator",
    )
    assert (file.kind, file.secret, file.public_keys) == ("dotenv", True, PUBLIC_KEYS)
    text = file.content.decode()
    assert text.startswith("# Made by Bunker Ops for host north. Do not edit")
    assert parse_dotenv(file.content)["API_URL"] == "https://api.north.example.org"


@given(
    label=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30).filter(
        lambda text: not text.startswith("-")
    ),
    password=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40),
    switched=st.sets(st.sampled_from(["media", "gitea", "n8n", "nocodb", "vaultwarden", "sms"])),
)
def test_any_label_password_and_features_reach_the_file_exactly(
    label: str, password: str, switched: set[str]
) -> None:
    host = make_host(label=label, features=dict.fromkeys(switched, True))
    secrets = generated_secrets(REDIS_PASSWORD=password)
    values = parse_dotenv(environment_file(host, secrets).content)
    assert list(values) == list(TABLE)
    assert values["INSTANCE_LABEL"] == label
    assert values["REDIS_PASSWORD"] == password
    for key, value in values.items():
        assert not value or is_valid(TABLE[key].type, value), key
