"""What a plan says of restarts is what Compose does: asked on a real host, and looked at."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from bunker.answers import sections
from bunker.bundle import BundleFile
from bunker.ops.place import archive
from bunker.shell import CLEAN_ENVIRONMENT, with_variables
from deploys.changemaker.deploy import CHANGEMAKER
from deploys.stack.forecast import Forecast, read_forecast
from tests.lab.fleet_under_test import FleetUnderTest

pytestmark = pytest.mark.lab

INSTANCE = "/opt/changemaker-lite"
OTHER = "/opt/forecast"
OVERRIDE = "docker-compose.override.yml"
CANARY = "canary-77aa-never-to-be-seen"
COMPOSE = """
x-logging: &logging
  logging: {driver: json-file, options: {max-size: "${LOG_SIZE:-10m}"}}
x-run: &run {image: "nginx:alpine", entrypoint: ["sleep", "inf"], init: true}
services:
  v2-postgres:
    <<: *run
    environment: {POSTGRES_PASSWORD: "${V2_POSTGRES_PASSWORD:?set it}"}
  redis:
    <<: [*run, *logging]
    entrypoint: ["sh", "-c", "exec sleep inf", "$REDIS_PASSWORD", "price$$FREE"]
  api:
    <<: *run
    environment: ["DATABASE_URL=${DATABASE_URL}", JWT_ACCESS_SECRET]
    depends_on:
      redis: {condition: service_started, restart: true}
      v2-postgres: {condition: service_started}
  admin:
    <<: *run
    environment: {TITLE: , LINK: "${API_URL:-http://${DOMAIN:-localhost}:4000}"}
  front: {<<: *run, depends_on: [admin]}
  worker: {extends: {service: api}, scale: 2}
  media-api: {<<: *run, env_file: .env}
  sidecar: {<<: *run, network_mode: "service:media-api"}
  newt: {<<: *run, env_file: [{path: ./.env, required: false}], profiles: [tunnel]}
  gitea:
    <<: *run
    environment: {ROOT_URL: "${GITEA_URL:-}"}
    volumes: ["gitea-data:/data"]
    profiles: [gitea, all]
  nginx:
    <<: *run
    configs: [{source: site, target: /etc/nginx/site}]
    ports: ["127.0.0.1:${NGINX_HTTP_PORT:-8123}:80"]
  share: {<<: *run, volumes_from: [nginx]}
  mini-qr:
    <<: *run
    image: forecast-built
    build: {context: ., dockerfile_inline: "FROM nginx:alpine", args: {PART: "${PART:-a}"}}
configs:
  site: {content: "server_name ${DOMAIN:-localhost};"}
volumes:
  gitea-data: {name: "data-${INSTANCE_LABEL:-one}"}
"""
ENVIRONMENT = {
    "V2_POSTGRES_PASSWORD": "p1",
    "REDIS_PASSWORD": CANARY,
    "DATABASE_URL": "postgres://x",
    "JWT_ACCESS_SECRET": "j$$1 'x'",
    "TITLE": "t",
    "COMPOSE_PROFILES": "",
}
WHOLE_FILE = {"media-api", "sidecar"}
"""media-api takes all of ``.env``, and its sidecar shares its network."""

ROWS = (
    "docker ps -aq --filter label=com.docker.compose.project=forecast | xargs docker inspect"
    " --format '{{index .Config.Labels \"com.docker.compose.service\"}} {{.Id}}'"
)
UP = "docker compose up -d --no-build 2>&1"
DATA_FIRST = "docker compose up -d --no-build v2-postgres redis 2>&1"


class Project:
    """A Compose project on the host north, with what a plan asks about it."""

    def __init__(self, fleet: FleetUnderTest, directory: str, project: str) -> None:
        self.fleet, self.directory, self.project = fleet, directory, project
        self.printed = ""

    def on(self, script: str) -> str:
        return self.fleet.on("north", f"cd {self.directory}\n{script}")

    def ask(self, environment: str, override: str = "services: {}\n", commit: str = "") -> Forecast:
        """The forecast for these files, asked as a deploy asks it."""
        place = {"DIRECTORY": self.directory, "PROJECT": self.project}
        script = with_variables(
            CHANGEMAKER.scripts("forecast"),
            COMMIT=commit or "0" * 40,
            FILES="docker-compose.yml",
            **place,
        )
        files = {".env": environment, OVERRIDE: override}
        done = subprocess.run(
            [
                *self.fleet.lab.ssh_command("north"),
                f"sudo -n {CLEAN_ENVIRONMENT} unshare --mount /bin/sh -c {shlex.quote(script)}",
            ],
            input=archive(
                [
                    BundleFile(f"{self.directory}/{name}", text.encode())
                    for name, text in files.items()
                ]
            ),
            capture_output=True,
            text=True,
            check=True,
        )
        self.printed = done.stdout + done.stderr
        return read_forecast(
            sections(done.stdout.splitlines()), CHANGEMAKER.services, CHANGEMAKER.data
        )


def dotenv(**changed: str) -> str:
    return "".join(f"{key}={value}\n" for key, value in {**ENVIRONMENT, **changed}.items())


@pytest.fixture(scope="module")
def project(deployed: FleetUnderTest) -> Project:
    """A project with every way in which a service can read the environment; it runs."""
    deployed.pristine("north")
    found = Project(deployed, OTHER, "forecast")
    deployed.on(
        "north",
        f"mkdir -p {OTHER} && cd {OTHER} && umask 077 && cat > docker-compose.yml <<'END'\n"
        f"{COMPOSE}\nEND\ncat > .env <<'END'\n{dotenv()}\nEND\n"
        f"docker compose build -q 2>&1 && {UP}",
    )
    return found


def test_an_undisturbed_project_is_as_compose_would_make_it(project: Project) -> None:
    """Also with env_file, profiles, several containers of a service and another's namespace."""
    assert project.ask(dotenv()) == Forecast()
    instance = Project(project.fleet, INSTANCE, "changemaker-lite")
    present = instance.on("cat .env"), instance.on(f"cat {OVERRIDE}")
    assert instance.ask(*present) == Forecast()


@pytest.mark.parametrize(
    ("key", "services"),
    [
        ("V2_POSTGRES_PASSWORD", {"v2-postgres"}),
        ("REDIS_PASSWORD", {"redis", "api", "worker"}),
        ("LOG_SIZE", {"redis", "api", "worker"}),
        ("FREE", set()),
        ("DATABASE_URL", {"api", "worker"}),
        ("JWT_ACCESS_SECRET", {"api", "worker"}),
        ("TITLE", {"admin", "front"}),
        ("API_URL", {"admin", "front"}),
        ("DOMAIN", {"admin", "front", "nginx", "share"}),
        ("NGINX_HTTP_PORT", {"nginx", "share"}),
        ("PART", {"mini-qr"}),
        ("GITEA_URL", set()),
        ("INSTANCE_LABEL", set()),
        ("SMTP_HOST", set()),
    ],
)
def test_a_changed_key_affects_who_reads_it(project: Project, key: str, services: set[str]) -> None:
    found = project.ask(dotenv(**{key: "8124" if key == "NGINX_HTTP_PORT" else "7m"}))
    assert set(found.recreated) == services | WHOLE_FILE
    assert (found.created, found.removed) == ((), ())
    assert found.builds == (key == "PART"), "only what a build reads makes images anew"


def test_a_flag_of_the_api_recreates_the_api_alone(project: Project) -> None:
    instance = Project(project.fleet, INSTANCE, "changemaker-lite")
    environment, override = instance.on("cat .env"), instance.on(f"cat {OVERRIDE}")
    for key in ("ENABLE_CANVASS", "ENABLE_SMS", "RATE_LIMIT_MAX", "SMTP_HOST"):
        found = instance.ask(f"{environment}\n{key}=7\n", override)
        assert (key, found) == (key, Forecast(recreated=("api",)))
    assert instance.ask(f"{environment}\nGRAFANA_PORT=7\n", override) == Forecast()
    found = instance.ask(f"{environment}\nREDIS_PASSWORD=7\n", override)
    assert found == Forecast(recreated=("redis",))


def test_a_changed_override_affects_its_service(project: Project) -> None:
    small = (
        "services: {nginx: {mem_limit: !reset null, deploy: {resources: {limits: {cpus: '1'}}}}}"
    )
    assert project.ask(dotenv(), f"# new\n{small}").recreated == ("nginx", "share")
    project.on(f'echo "{small}" > {OVERRIDE}')
    assert project.ask(dotenv(), f"{small}\n# a comment\n").recreated == ("nginx", "share"), (
        "not up"
    )
    project.on(f"{UP}")
    assert project.ask(dotenv(), f"{small}\n# a comment\n") == Forecast()
    assert project.ask(dotenv(), small.replace("'1'", "'2'")).recreated == ("nginx", "share")
    assert project.ask(dotenv()).recreated == ("nginx", "share")
    project.on(f"rm {OVERRIDE} && {UP}")


def test_services_that_come_and_go_are_told(project: Project) -> None:
    found = project.ask(dotenv(COMPOSE_PROFILES="tunnel,all"))
    assert found.created == ("newt", "gitea")
    more = "services: {extra: {image: 'nginx:alpine', entrypoint: [sleep, inf]}}"
    assert project.ask(dotenv(), more).created == ("extra",)
    project.on(f'echo "{more}" > {OVERRIDE} && {UP}')
    assert project.ask(dotenv()) == Forecast(removed=("extra",))
    project.on(f"rm {OVERRIDE} && docker compose up -d --no-build --remove-orphans 2>&1")
    project.on(f"sed -i 's/^COMPOSE_PROFILES=.*/COMPOSE_PROFILES=all/' .env && {UP}")
    on = dotenv(COMPOSE_PROFILES="all")
    assert project.ask(dotenv()) == Forecast(recreated=("media-api", "sidecar")), "off is not gone"
    assert {"gitea"} | WHOLE_FILE == set(project.ask(on + "GITEA_URL=7\n").recreated)
    # Compose 2.26 keeps the container, later ones give it the new volume.
    assert {"gitea"} | WHOLE_FILE == set(project.ask(on + "INSTANCE_LABEL=two\n").recreated)
    project.on("docker compose --profile all rm -fsv gitea 2>&1")
    project.on(f"cat > .env <<'END'\n{dotenv()}END\n{UP}")


def test_what_it_says_is_what_compose_does(project: Project) -> None:
    changes = {"TITLE": "x", "NGINX_HTTP_PORT": "8124", "V2_POSTGRES_PASSWORD": "p2"}
    new = dotenv(**changes)
    said = project.ask(new)
    before = set(project.on(ROWS).splitlines())
    project.on(f"cat > .env <<'END'\n{new}END\n{DATA_FIRST} && {UP}")
    made = {row.split()[0] for row in set(project.on(ROWS).splitlines()) - before}
    assert (
        made
        == set(said.recreated)
        == {*WHOLE_FILE, "admin", "front", "nginx", "share", "v2-postgres"}
    )
    assert project.ask(new) == Forecast()
    project.on(f"cat > .env <<'END'\n{dotenv()}END\n{UP}")


def test_the_wanted_commits_own_file_is_asked_about_once_it_is_there(project: Project) -> None:
    commit = project.on(
        "git init -q . && git add docker-compose.yml && cp docker-compose.yml /tmp/now.yml\n"
        "sed -i 's/^  front:.*/  later: *run/; s/TITLE: ,/TITLE: other,/' docker-compose.yml\n"
        "git -c user.name=x -c user.email=x@x commit -qam new && git rev-parse HEAD\n"
        "cp /tmp/now.yml docker-compose.yml"
    ).strip()
    found = project.ask(dotenv(), commit=commit)
    assert (found.recreated, found.created, found.removed) == (("admin",), ("later",), ("front",))
    assert project.ask(dotenv(), commit="a" * 40) == Forecast()


@pytest.mark.parametrize(
    ("override", "why"),
    [("services: {nope: {mem_limit: 1g}}", "nope"), ("services: [", "yaml"), ("- a", "mapping")],
)
def test_what_is_not_compose_is_refused_with_its_word(
    project: Project, override: str, why: str
) -> None:
    found = project.ask(dotenv(), override)
    assert found.unknown
    assert why in found.refused


def test_nothing_of_it_is_left_or_seen_on_the_host_even_when_it_is_killed(project: Project) -> None:
    places = f"$(ls -d /run/bunker /run/lock {OTHER} 2>/dev/null)"
    look = f"cat /proc/mounts; find {places} -xdev -printf '%p %s %T@\\n'"
    before = project.on(look)
    secret = "canary-new-3e1b"
    project.ask(dotenv(REDIS_PASSWORD=secret))
    assert CANARY not in project.printed
    assert secret not in project.printed
    assert project.on(look) == before

    # Killed between the mounts and the end: with a docker that waits for ever in the new files.
    slow = with_variables(
        'docker() { [ ! -e /run/lock/opt ] || exec sleep 600; command docker "$@"; }\n'
        + CHANGEMAKER.scripts("forecast"),
        COMMIT="0" * 40,
        FILES="docker-compose.yml",
        DIRECTORY=OTHER,
        PROJECT="forecast",
    )
    process = subprocess.Popen(
        [
            *project.fleet.lab.ssh_command("north"),
            f"sudo -n {CLEAN_ENVIRONMENT} unshare --mount /bin/sh -c {shlex.quote(slow)}",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin
    process.stdin.write(archive([BundleFile(f"{OTHER}/.env", dotenv(TITLE=secret).encode())]))
    process.stdin.close()
    seen = project.on(
        "for i in $(seq 100); do pid=$(pgrep -x sleep -a | sed -n 's/ sleep 600$//p');"
        f' [ -z "$pid" ] || break; sleep 0.1; done; grep -c {secret} /proc/$pid/root{OTHER}/.env\n'
        f"grep -rs {secret} /run/bunker /run/lock {OTHER} || true\n"
        "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep canary-new-3e1[b] || true\n"
        "kill -9 $(ps -o ppid= -p $pid) $pid"
    )
    assert seen == "1\n", "in its own namespace alone, and in no argument"
    process.wait(timeout=30)
    assert project.on(look) == before
