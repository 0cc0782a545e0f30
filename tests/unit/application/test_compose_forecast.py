"""Which services a changed environment or override would make anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.application.compose import active_services, affected_services, builds_read
from bunker.application.interpolation import interpolate, referenced_names
from bunker.errors import BunkerError

COMPOSE = """
x-logging: &logging
  logging: {driver: json-file, options: {max-size: "${LOG_SIZE:-10m}"}}

services:
  v2-postgres:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: ${V2_POSTGRES_PASSWORD:?set it}
  redis:
    <<: *logging
    image: redis:7
    command: ["redis-server", "--requirepass", "$REDIS_PASSWORD", "price$$FREE"]
  api:
    image: api
    environment:
      - DATABASE_URL=${DATABASE_URL}
      - JWT_ACCESS_SECRET
    depends_on:
      redis: {condition: service_healthy, restart: true}
      v2-postgres: {condition: service_healthy}
  admin:
    image: admin
    environment:
      TITLE:
      LINK: ${API_URL:-http://${DOMAIN:-localhost}:4000}
  worker:
    extends: {service: api}
  media-api:
    image: media
    env_file: .env
  sidecar:
    image: sidecar
    network_mode: service:media-api
  newt:
    image: newt
    env_file: [{path: ./.env, required: false}]
    profiles: [tunnel]
  gitea:
    image: gitea
    environment: {ROOT_URL: "${GITEA_URL}"}
    volumes: ["gitea-data:/data"]
    profiles: [gitea, all]
  nginx:
    image: nginx
    configs: [{source: site, target: /etc/nginx/site}]
    ports: !override ["${NGINX_HTTP_PORT:-80}:80"]
configs:
  site: {content: "server_name ${DOMAIN};"}
volumes:
  gitea-data: {name: "data-${INSTANCE_LABEL}"}
"""


def affected(*keys: str, profiles: tuple[str, ...] = ()) -> set[str]:
    return set(affected_services(COMPOSE, keys, None, None, profiles=profiles))


# media-api takes the whole file, and its sidecar shares its network.
WHOLE_FILE = {"media-api", "sidecar"}


@pytest.mark.parametrize(
    ("key", "services"),
    [
        ("V2_POSTGRES_PASSWORD", {"v2-postgres"}),
        ("REDIS_PASSWORD", {"redis", "api"}),
        ("LOG_SIZE", {"redis", "api"}),
        ("FREE", set()),
        ("DATABASE_URL", {"api", "worker"}),
        ("JWT_ACCESS_SECRET", {"api", "worker"}),
        ("TITLE", {"admin"}),
        ("API_URL", {"admin"}),
        ("DOMAIN", {"admin", "nginx"}),
        ("NGINX_HTTP_PORT", {"nginx"}),
        ("GITEA_URL", set()),
        ("SMTP_HOST", set()),
    ],
)
def test_a_changed_key_affects_who_reads_it(key: str, services: set[str]) -> None:
    assert affected(key) == services | WHOLE_FILE


def test_nothing_changed_affects_nothing() -> None:
    assert affected() == set()
    assert affected_services(COMPOSE, (), "services: {}\n", None) == ()


def test_only_active_services_count() -> None:
    assert affected("GITEA_URL", profiles=("gitea",)) == {"gitea"} | WHOLE_FILE
    assert affected("INSTANCE_LABEL", profiles=("all",)) == {"gitea"} | WHOLE_FILE
    assert affected("ANY", profiles=("tunnel",)) == {"newt"} | WHOLE_FILE
    assert active_services(COMPOSE, profiles=("*",)) == (
        *("v2-postgres", "redis", "api", "admin", "worker", "media-api", "sidecar"),
        *("newt", "gitea", "nginx"),
    )


def test_a_changed_override_affects_its_service() -> None:
    small = "services: {admin: {mem_limit: !reset null, deploy: {limits: {memory: 1g}}}}"
    large = small.replace("1g", "2g")
    assert affected_services(COMPOSE, (), small, large) == ("admin",)
    assert affected_services(COMPOSE, (), small, small + "\n# a comment") == ()
    assert affected_services(COMPOSE, (), None, large) == ("admin",)
    assert affected_services(COMPOSE, (), large, None) == ("admin",)


def test_the_order_is_the_files() -> None:
    assert affected_services(COMPOSE, ("DOMAIN", "DATABASE_URL"), None, None) == (
        *("api", "admin", "worker", "media-api", "sidecar", "nginx"),
    )


@pytest.mark.parametrize("text", ["services: [", "- a\n- b\n", "services: {api: 5}", "services: 7"])
def test_what_is_not_compose_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(BunkerError) as caught:
        affected_services(text, (), None, None, where="checkout/docker-compose.yml")
    assert (caught.value.where or "").startswith("checkout/docker-compose.yml")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("$A ${B} ${C:-x} ${D-${E:?no}} ${F:+${G}}", {"A", "B", "C", "D", "E", "F", "G"}),
        ("$$A $ 5$ ${}", set()),
        ("$$$A", {"A"}),
        ("${A", {"A"}),
    ],
)
def test_referenced_names(text: str, names: set[str]) -> None:
    assert referenced_names(text) == names


@given(st.text(st.sampled_from("$${}AB:-+? x")))
def test_any_text_can_be_searched_for_names(text: str) -> None:
    assert all(name.strip("AB") in {"", "x"} or "x" in name for name in referenced_names(text))


def test_an_unset_required_variable_is_refused() -> None:
    assert interpolate("${A:?no}", {"A": "1"}) == "1"
    with pytest.raises(ValueError, match="must be set"):
        interpolate("${A:?no}", {"A": ""})


def test_only_keys_that_a_build_refers_to_make_images_anew() -> None:
    text = """
services:
  api:
    build: {context: ./api, args: {DOMAIN: "${DOMAIN}"}}
    environment: {LOG_LEVEL: "${LOG_LEVEL}"}
"""
    assert builds_read(text, {"DOMAIN"})
    assert not builds_read(text, {"LOG_LEVEL"})


def test_what_depends_on_a_recreated_service_follows_it_but_the_data_services_come_before() -> None:
    text = """
services:
  redis: {image: redis, command: "${REDIS_PASSWORD}"}
  api:
    image: api
    environment: {A: "${DOMAIN}"}
    depends_on: {redis: {condition: service_healthy}}
  front: {image: front, depends_on: [api]}
  other: {image: other}
"""
    assert affected_services(text, {"DOMAIN"}, None, None) == ("api", "front")
    assert affected_services(text, {"REDIS_PASSWORD"}, None, None) == ("redis",)
